using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using LmGateway.Configuration;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Tests.Functional;

/// <summary>The whole service on a free port, in front of a simulated LM Studio on another one.</summary>
internal sealed class GatewayUnderTest : IAsyncDisposable
{
    public const string Chat = "qwen2-1.5b-instruct";
    public const string Other = "granite-3.0-2b-instruct";
    public const string Vision = "qwen3-vl-4b-instruct";
    public const string Embedder = "text-embedding-nomic-embed-text-v1.5";

    private readonly WebApplication app;
    private readonly DirectoryInfo state;

    private GatewayUnderTest(WebApplication app, SimulatorServer? simulator, DirectoryInfo state)
    {
        (this.app, Simulator, this.state) = (app, simulator!, state);
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        // A caller that leaves does so at once, and does not read on for a while.
        Http = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public SimulatorServer Simulator { get; }

    /// <summary>Where it keeps what survives a restart.</summary>
    public string StateFolder => state.FullName;

    public IServiceProvider Services => app.Services;

    /// <summary>Fast by default: a load takes 30 ms, tokens come as they can.</summary>
    /// <param name="simulate">Changes the simulator's settings.</param>
    /// <param name="configure">Changes the gateway's settings.</param>
    /// <param name="prepare">Changes the simulator before the gateway sees it.</param>
    /// <param name="time">The gateway's clock.</param>
    public static async Task<GatewayUnderTest> StartAsync(
        Func<SimulatorOptions, SimulatorOptions>? simulate = null, Func<GatewayOptions, GatewayOptions>? configure = null, Action<SimulatedLmStudio>? prepare = null, TimeProvider? time = null)
    {
        var simulated = new SimulatorOptions { LoadTime = TimeSpan.FromMilliseconds(30), TokensPerSecond = 0 };
        var simulator = await SimulatorServer.StartAsync(simulate?.Invoke(simulated) ?? simulated);
        prepare?.Invoke(simulator.State);
        try
        {
            return await StartAsync(simulator, simulator.Address.ToString(), configure, time);
        }
        catch
        {
            await simulator.DisposeAsync();
            throw;
        }
    }

    /// <summary>In front of something else, or of nothing.</summary>
    public static Task<GatewayUnderTest> StartAgainstAsync(string backend, Func<GatewayOptions, GatewayOptions>? configure = null, ArrayPool<byte>? pool = null) =>
        StartAsync(null, backend, configure, pool: pool);

    public Task<HttpResponseMessage> PostAsync(string path, string json, CancellationToken cancellationToken = default) =>
        Http.SendAsync(Request(path, json), HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    public async Task<(int Status, JsonElement Body)> PostJsonAsync(string path, string json)
    {
        using var response = await PostAsync(path, json);
        return ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }

    public async Task<(int Status, JsonElement Body)> GetJsonAsync(string path)
    {
        using var response = await Http.GetAsync(path);
        return ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }

    public static HttpRequestMessage Request(string path, string json) =>
        new(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };

    /// <summary>A chat request for the model with one user message.</summary>
    public static string ChatBody(string model, string text, string more = "") =>
        $$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{text}}"}]{{(more.Length > 0 ? "," + more : "")}}}""";

    /// <summary>Stops the service as the program does when it is told to.</summary>
    public Task StopAsync() => app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        if (Simulator is not null) await Simulator.DisposeAsync();
        state.Delete(recursive: true);
    }

    private static async Task<GatewayUnderTest> StartAsync(SimulatorServer? simulator, string backend, Func<GatewayOptions, GatewayOptions>? configure, TimeProvider? time = null, ArrayPool<byte>? pool = null)
    {
        var folder = Directory.CreateTempSubdirectory("lmgateway-test-");
        var options = new GatewayOptions
        {
            StateDir = folder.FullName,
            Listen = new ListenOptions { Port = 0 },
            LmStudio = new LmStudioOptions { BaseUrl = backend.TrimEnd('/'), ConnectRetryMs = 10, ModelsDir = simulator?.State.Models.Root ?? Path.Combine(folder.FullName, "models") },
            Nats = new NatsOptions { Url = NatsOptions.Off },
            Log = new LogOptions { Level = LogThreshold.Error },
        };
        var built = GatewayHost.Build(configure?.Invoke(options) ?? options, time ?? TimeProvider.System, pool: pool);
        await built.StartAsync();
        return new GatewayUnderTest(built, simulator, folder);
    }
}
