using System.Buffers;
using System.Net;
using LmGateway.Api.Admin;
using LmGateway.Api.Chat;
using LmGateway.Api.Debug;
using LmGateway.Api.Health;
using LmGateway.Api.Help;
using LmGateway.Api.Http;
using LmGateway.Api.LmStudio;
using LmGateway.Api.Mcp;
using LmGateway.Api.Mcp.Http;
using LmGateway.Api.Metrics;
using LmGateway.Api.Nats;
using LmGateway.Api.OpenAi;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Nats;
using LmGateway.Observability;
using LmGateway.Observability.Metrics;
using LmGateway.Reload;
using LmGateway.Scheduling;
using LmGateway.Security;
using LmGateway.Serving;
using LmGateway.Serving.Jobs;
using LmGateway.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LmGateway;

/// <summary>Puts the rooms together: one Add… and one Map… for each.</summary>
internal static class GatewayHost
{
    /// <summary>For telling callers that their time is over, before their connections are cut.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    /// <param name="settings">What holds while it runs.</param>
    /// <param name="time">The clock.</param>
    /// <param name="origin">Where the settings come from, to be read again when that changes; null where they stay as they are.</param>
    /// <param name="answersNats">Whether it answers requests on NATS, as a worker among others; a command that works by itself does not.</param>
    /// <param name="pool">Where requests and answers are held; null for the one of the process.</param>
    public static WebApplication Build(LiveSettings settings, TimeProvider time, SettingsOrigin? origin = null, bool answersNats = true, ArrayPool<byte>? pool = null)
    {
        var options = settings.Current;
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Logging.AddGatewayLog(settings);
        builder.WebHost.ConfigureKestrel(server =>
        {
            Listen(server, options);
            Limit(server.Limits, options.Limits);
            settings.Replaced += (_, _) => Limit(server.Limits, settings.Current.Limits);
        });
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, SocketBlocks>();
        if (options.Runtime.LowCpu) builder.Services.Configure<SocketTransportOptions>(BeCheap);
        if (!options.Listen.Http) builder.Services.AddSingleton<IServer, NoHttpServer>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(options.Timeouts.ShutdownMs) + LastWords);
        builder.Services.AddSingleton(settings).AddSingleton(time).AddSingleton(pool ?? ArrayPool<byte>.Shared);
        builder.Services.AddEvents().AddObservability().AddState().AddNats().AddBackends().AddCatalog().AddScheduling().AddServing().AddSecurity().AddReload(origin).AddHttpApis().AddOpenAi().AddChatApi().AddDebugApi().AddMetricsApi().AddNativeLmStudio().AddMcp(trustWorkingFolder: true).AddHelp();
        if (answersNats) builder.Services.AddNatsApi();
        var app = builder.Build();

        var errors = new RouteErrors(OpenAiErrors.WriteAsync, app.Services.GetRequiredService<RefusalFigures>())
            .Add("/v1/messages", AnthropicErrors.WriteAsync)
            .Add("/api/v1", NativeErrors.WriteAsync)
            .Add("/api/v0", NativeErrors.WriteAsync)
            .Add("/chat", ChatErrors.WriteAsync)
            .Add("/chat/completions", OpenAiErrors.WriteAsync)
            .Add("/models/load", ChatErrors.WriteAsync)
            .Add("/models/unload", ChatErrors.WriteAsync)
            .Add("/admin", AdminErrors.WriteAsync)
            .Add("/debug", AdminErrors.WriteAsync)
            .Add("/mcp", McpErrors.WriteAsync);
        var door = app.Services.GetRequiredService<HttpDoor>();
        app.Use(next => context => RequestIdentity.AssignAsync(context, next));
        var audit = app.Services.GetRequiredService<AuditTrail>();
        app.Use(next => context => audit.FollowAsync(context, next));      // outside the errors, so that it sees the status they get
        app.Use(next => new ErrorBoundary(next, door, errors, app.Services.GetRequiredService<ILogger<ErrorBoundary>>()).InvokeAsync);
        app.Use(next => context => door.CheckHeadAsync(context, next));
        app.Use(next => context => PathTidying.TidyAsync(context, next));
        app.UseGatewaySecurity(settings, errors.WriteAsync);
        app.Use(next => context => door.CheckOpenAsync(context, next));
        app.UseInferenceByPath();
        app.UseRouting();
        app.MapOpenAi();
        app.MapChatApi();
        app.MapNativeLmStudio();
        app.MapAdminApi();
        app.MapDebugApi();
        app.MapMetrics(options);
        app.MapMcp(options);
        app.MapHealth();
        app.MapHelp();
        app.Services.GetRequiredService<ProcessFigures>();       // made now, because it counts the service's time from here
        app.Services.GetRequiredService<ActiveModelState>();     // made now, so that a damaged state file is told of at the start
        var shutdown = app.Services.GetRequiredService<ShutdownLimit>();
        shutdown.Begun.Register(app.Services.GetRequiredService<JobList>().Drain);
        shutdown.Begun.Register(app.Services.GetRequiredService<Scheduler>().Drain);
        app.Lifetime.ApplicationStopping.Register(shutdown.Begin);
        return app;
    }

    /// <summary>The service without HTTP: what <c>lmgateway mcp</c> needs to act by itself.</summary>
    public static IHost BuildForTools(GatewayOptions options, TimeProvider time)
    {
        LiveSettings settings = options.WithBringUpBackend();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddGatewayLog(settings);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = LastWords);
        builder.Services.AddSingleton(settings).AddSingleton(time).AddSingleton(ArrayPool<byte>.Shared);
        builder.Services.AddEvents().AddObservability().AddState().AddNats().AddBackends().AddCatalog().AddScheduling().AddServing().AddAudit().AddMcp(trustWorkingFolder: false);
        return builder.Build();
    }

    /// <summary>Works where the bytes are read, and has a buffer ready, so that a request is received by one call instead of two.</summary>
    private static void BeCheap(SocketTransportOptions sockets) => (sockets.UnsafePreferInlineScheduling, sockets.WaitForDataBeforeAllocatingBuffer) = (true, false);

    /// <summary>The server's own limits lie above those that are checked in the requests themselves, where the answer can say what is wrong.</summary>
    private static void Limit(KestrelServerLimits server, LimitOptions limits)
    {
        server.MaxRequestHeadersTotalSize = limits.HeaderBytes + (64 * 1024);
        server.MaxRequestHeaderCount = 1000;
        server.RequestHeadersTimeout = TimeSpan.FromSeconds(limits.HeaderSeconds);
        server.MinRequestBodyDataRate = limits.BodyRate == 0 ? null : new MinDataRate(limits.BodyRate, TimeSpan.FromSeconds(5));
    }

    private static void Listen(KestrelServerOptions server, GatewayOptions options)
    {
        server.AddServerHeader = false;
        server.Limits.MaxRequestBodySize = null;
        server.Limits.MaxConcurrentConnections = options.Limits.Connections;
        server.AllowSynchronousIO = false;
        foreach (var address in options.Listen.Addresses)
        {
            if (address.IsEveryInterface) server.ListenAnyIP(address.Port);
            else if (address.Address is { } ip) server.Listen(ip, address.Port);
            else if (address.IsLoopback && address.Port == 0) server.Listen(IPAddress.Loopback, 0);
            else server.ListenLocalhost(address.Port);
        }
    }
}
