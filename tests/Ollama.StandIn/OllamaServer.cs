using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Ollama.StandIn;

/// <summary>Ollama's HTTP server on a loopback port.</summary>
public sealed class OllamaServer : IAsyncDisposable
{
    public const string Version = "0.32.15";

    private readonly WebApplication app;
    private readonly NativeRoutes native;
    private readonly OpenAiRoutes openAi;

    private OllamaServer(WebApplication app, OllamaState state)
    {
        (this.app, State) = (app, state);
        native = new NativeRoutes(state);
        openAi = new OpenAiRoutes(state);
        app.Run(AnswerAsync);
    }

    public OllamaState State { get; }

    /// <summary><c>http://127.0.0.1:11434</c></summary>
    public string Address => app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();

    /// <summary>Starts on 127.0.0.1; port 0 takes a free one.</summary>
    public static async Task<OllamaServer> StartAsync(StandInOptions options, int port = 0, CancellationToken cancellationToken = default)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(200));
        var server = new OllamaServer(builder.Build(), new OllamaState(options));
        try
        {
            await server.app.StartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.app.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        State.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.Value!);
        State.Requests.Enqueue($"{method} {path}");
        if (!IsLocal(context.Request.Host.Host))
        {
            context.Response.StatusCode = 403;
            return;
        }

        var isOpenAi = path.StartsWith("/v1/", StringComparison.Ordinal);
        try
        {
            var body = await ReadAsync(context);
            var known = isOpenAi ? await openAi.AnswerAsync(context, method, path, body) : await native.AnswerAsync(context, method, path, body);
            if (known) return;
            context.Response.StatusCode = 404;
            context.Response.ContentType = "text/plain";
            await context.Response.WriteAsync("404 page not found");
        }
        catch (OllamaException fault)
        {
            if (context.Response.HasStarted) context.Abort();
            else await Replies.JsonAsync(context, isOpenAi ? OpenAiRoutes.Error(path, fault) : new JsonObject { ["error"] = fault.Message }, fault.Status);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // The caller left.
        }
    }

    private async Task<JsonObject?> ReadAsync(HttpContext context)
    {
        if (context.Request.Method is "GET" or "HEAD") return null;
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var text = await reader.ReadToEndAsync(context.RequestAborted);
        if (text.Length == 0) throw new OllamaException(400, "missing request body");
        State.Bodies.Enqueue(text);
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? throw new OllamaException(400, "json: cannot unmarshal array into Go value of type api.Request");
        }
        catch (JsonException)
        {
            throw new OllamaException(400, "invalid character in request body");
        }
    }

    private static bool IsLocal(string host) =>
        host is "localhost" || host.EndsWith(".localhost", StringComparison.Ordinal) || host.EndsWith(".local", StringComparison.Ordinal)
        || host.EndsWith(".internal", StringComparison.Ordinal) || IPAddress.TryParse(host.Trim('[', ']'), out _);

    /// <summary>The process's own signals stay with whoever hosts the server.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
