using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace LmStudio.Client.Tests.Servers;

/// <summary>A server on a real socket whose every answer is the test's. WebSocket paths and HTTP paths are scripts.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<string, int> connections = new();
    private readonly ConcurrentQueue<Exception> failures = new();

    private ScriptedServer(WebApplication app) => this.app = app;

    /// <summary>What a WebSocket connection does, by its path; the path <c>*</c> stands for all others.</summary>
    public Dictionary<string, Func<ServerSocket, Task>> Sockets { get; } = [];

    /// <summary>How an HTTP request is answered, by method and path, such as <c>GET /api/v1/models</c>.</summary>
    public Dictionary<string, RequestDelegate> Routes { get; } = [];

    /// <summary>Runs before an upgrade is accepted.</summary>
    public Func<HttpContext, CancellationToken, Task>? BeforeUpgrade { get; set; }

    public Uri Address { get; private set; } = null!;

    public int ConnectionsTo(string path) => connections.GetValueOrDefault(path);

    /// <summary>Starts on a free port, or on the reserved one.</summary>
    public static async Task<ScriptedServer> StartAsync(ReservedPort? port = null, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            if (certificate is not null) kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate));
            else if (port is null) kestrel.Listen(IPAddress.Loopback, 0);
            else kestrel.ListenHandle(port.Handle);
        });
        builder.Services.AddRouting();
        var built = builder.Build();
        var server = new ScriptedServer(built);
        built.UseWebSockets();
        built.Run(server.AnswerAsync);
        await built.StartAsync();
        server.Address = port?.Address ?? new Uri(built.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return server;
    }

    /// <summary>A server that authenticates every connection and then runs the script on it.</summary>
    public static async Task<ScriptedServer> StartAsync(string path, Func<ServerSocket, Task> script)
    {
        var server = await StartAsync();
        server.Sockets[path] = async socket =>
        {
            await socket.AuthenticateAsync();
            await script(socket);
        };
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await app.StopAsync(limit.Token);
        await app.DisposeAsync();
        stopping.Dispose();
        if (failures.TryDequeue(out var failure)) throw new InvalidOperationException("The server's script failed: " + failure.Message, failure);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            await RunSocketAsync(context);
            return;
        }

        if (Routes.TryGetValue($"{context.Request.Method} {context.Request.Path}", out var route))
        {
            await route(context);
            return;
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(context.Request.Path == "/lmstudio-greeting"
            ? """{"lmstudio":true}"""
            : $$"""{"error":"Unexpected endpoint or method. ({{context.Request.Method}} {{context.Request.Path}})"}""");
    }

    private async Task RunSocketAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        connections.AddOrUpdate(path, 1, (_, count) => count + 1);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token, context.RequestAborted);
        try
        {
            if (BeforeUpgrade is { } before) await before(context, ending.Token);
            if (context.Response.HasStarted || context.Response.StatusCode >= 400) return;
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await (Sockets.GetValueOrDefault(path) ?? Sockets["*"])(new ServerSocket(socket, path, context.Abort, ending.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or System.Net.WebSockets.WebSocketException or IOException)
        {
            // The client went away, or the test is over.
        }
        catch (Exception e)
        {
            failures.Enqueue(e);
        }
    }
}
