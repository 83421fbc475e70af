using System.Net;
using LmStudio.Simulator.Engine;
using LmStudio.Simulator.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LmStudio.Simulator;

/// <summary>A running simulator: a simulated LM Studio behind one loopback port that serves its HTTP and WebSocket APIs.</summary>
public sealed partial class SimulatorServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SimulatorServer(WebApplication app, SimulatedLmStudio state)
    {
        (_app, State) = (app, state);
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());
    }

    /// <summary>Where it listens, for instance <c>http://127.0.0.1:1234</c>.</summary>
    public Uri Address { get; }

    /// <summary>What is behind the port: models, instances, settings, faults, counters.</summary>
    public SimulatedLmStudio State { get; }

    /// <summary>Starts a simulator on 127.0.0.1; port 0 takes a free one.</summary>
    public static async Task<SimulatorServer> StartAsync(SimulatorOptions options, int port = 0, CancellationToken cancellationToken = default)
    {
        var state = new SimulatedLmStudio(options);
        var app = Build(state, port);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            await state.DisposeAsync();
            throw;
        }

        return new SimulatorServer(app, state);
    }

    /// <summary>Cuts what is under way and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        State.Instances.UnloadAll();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await State.DisposeAsync();
    }

    private static WebApplication Build(SimulatedLmStudio state, int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(200));
        var app = builder.Build();
        var gate = new RequestGate(state, RouteTable.For(state));
        app.UseWebSockets();
        app.Use(async (context, next) =>
        {
            if (!context.WebSockets.IsWebSocketRequest || await gate.AdmitWebSocketAsync(context)) await next(context);
        });
        MapWebSockets(app, state);
        app.Run(gate.AnswerAsync);
        return app;
    }

    /// <summary>Where the WebSocket half adds its namespaces, as middleware before the HTTP routes; upgrades that reach it have been admitted.</summary>
    static partial void MapWebSockets(WebApplication app, SimulatedLmStudio state);

    /// <summary>The process's own signals stay with whoever hosts the simulator.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
