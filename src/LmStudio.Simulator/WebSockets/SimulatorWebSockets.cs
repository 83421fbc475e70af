using System.Net.WebSockets;
using LmStudio.Simulator.Engine;
using LmStudio.Simulator.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LmStudio.Simulator.WebSockets;

/// <summary>The WebSocket half of a simulated LM Studio: eight namespaces, one connection each a client.</summary>
public sealed class SimulatorWebSockets
{
    private readonly SimulatedLmStudio _studio;
    private readonly Authenticator _authenticator;
    private readonly IReadOnlyDictionary<string, Namespace> _namespaces;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILogger _logger;

    private SimulatorWebSockets(SimulatedLmStudio studio, IHostApplicationLifetime lifetime, ILogger logger)
    {
        (_studio, _lifetime, _logger) = (studio, lifetime, logger);
        _authenticator = new Authenticator(new ClientRegistry(), () => studio.Settings.ApiToken, studio.Settings.TimeProvider);
        _namespaces = Namespace.All(studio, lifetime.StopApplication);
    }

    /// <summary>Adds the upgrades to a server's pipeline. Requests that are none and upgrades to other paths go on to the next handler.</summary>
    public static void Use(WebApplication app, SimulatedLmStudio studio)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger<SimulatorWebSockets>();
        var sockets = new SimulatorWebSockets(studio, app.Lifetime, logger);
        app.Use(sockets.HandleAsync);
    }

    private async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        var path = context.Request.Path.Value ?? "";
        if (!context.WebSockets.IsWebSocketRequest || !_namespaces.TryGetValue(path, out var served))
        {
            await next(context);
            return;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _lifetime.ApplicationStopping);
        using var socket = new FrameSocket(await context.WebSockets.AcceptWebSocketAsync(), ended.Token)
        {
            CutAsync = gone => ConnectionCut.AsKilledAsync(context, gone),
        };
        _studio.Counters.WebSocketOpened();
        try
        {
            await ServeAsync(socket, served, ended.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException)
        {
            // The peer went away or the server ends: there is nobody left to tell.
        }
        finally
        {
            _studio.Counters.WebSocketClosed();
        }
    }

    private async Task ServeAsync(FrameSocket socket, Namespace served, CancellationToken cancellationToken)
    {
        if (await _authenticator.AuthenticateAsync(socket, cancellationToken) is not { } client) return;
        try
        {
            await socket.SendAsync(Frames.Accepted(), cancellationToken);
            await new Connection(socket, served, _logger).RunAsync(cancellationToken);
            await socket.CloseAsync(cancellationToken);
        }
        finally
        {
            _authenticator.Leave(client);
        }
    }
}
