using System.Net;
using LmStudio.Simulator.Engine;
using LmStudio.Simulator.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LmStudio.Simulator.Tests.WebSockets;

/// <summary>A simulated LM Studio on a free port with the two models of the recordings, as fast as it can be.</summary>
internal sealed class RunningSimulator : IAsyncDisposable
{
    public const string Llm = "qwen/qwen3-4b";
    public const string Embedding = "text-embedding-nomic-embed-text-v1.5";

    private readonly WebApplication _app;

    private RunningSimulator(SimulatedLmStudio studio, WebApplication app) => (Studio, _app) = (studio, app);

    public static SimulatorOptions Fast { get; } = new() { Stocked = false, LoadTime = TimeSpan.Zero, DownloadTime = TimeSpan.Zero, TokensPerSecond = 0 };

    public SimulatedLmStudio Studio { get; }

    public int Port { get; private init; }

    public static async Task<RunningSimulator> StartAsync(SimulatorOptions? options = null)
    {
        var studio = new SimulatedLmStudio(options ?? Fast);
        Stock(studio, Llm);
        Stock(studio, "nomic-ai/nomic-embed-text-v1.5-GGUF");
        studio.Models.List();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        SimulatorWebSockets.Use(app, studio);
        app.MapGet("/lmstudio-greeting", () => Results.Content("""{"lmstudio":true}""", "application/json"));
        app.MapFallback(context => context.Response.WriteAsync("""{"error":"Unexpected endpoint or method."}"""));
        await app.StartAsync();
        return new RunningSimulator(studio, app) { Port = new Uri(app.Urls.Single()).Port };
    }

    private static void Stock(SimulatedLmStudio studio, string id)
    {
        var (model, option) = Downloads.Find(id);
        studio.Models.Add(model, option);
    }

    /// <summary>Opens a connection and authenticates as a guest of its own.</summary>
    public async Task<FrameClient> ConnectAsync(string path)
    {
        var client = await OpenAsync(path);
        await client.AuthenticateAsync($"guest:{Guid.NewGuid()}", "passkey");
        return client;
    }

    public Task<FrameClient> OpenAsync(string path) => FrameClient.OpenAsync(new Uri($"ws://127.0.0.1:{Port}{path}"));

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Studio.DisposeAsync();
    }
}
