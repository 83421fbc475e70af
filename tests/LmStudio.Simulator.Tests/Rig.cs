using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests;

/// <summary>A simulator on a real port with a plain HTTP client; quick unless a test says otherwise.</summary>
internal sealed class Rig : IAsyncDisposable
{
    public const string Granite = "granite-3.0-2b-instruct";
    public const string Qwen = "qwen/qwen3-4b-2507";
    public const string Vision = "qwen3-vl-4b-instruct";
    public const string Embedding = "text-embedding-nomic-embed-text-v1.5";

    /// <summary>A PNG of one pixel, 67 bytes.</summary>
    public const string Png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAACklEQVR4nGMAAQAABQABDQottAAAAABJRU5ErkJggg==";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private Rig(SimulatorServer server)
    {
        Server = server;
        Client = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = server.Address, Timeout = Deadline };
    }

    public static SimulatorOptions Quick { get; } = new() { LoadTime = TimeSpan.Zero, DownloadTime = TimeSpan.Zero, TokensPerSecond = 0 };

    public SimulatorServer Server { get; }

    public HttpClient Client { get; }

    public SimulatedLmStudio State => Server.State;

    public CounterSnapshot Counters => State.Counters.Snapshot();

    public static async Task<Rig> StartAsync(SimulatorOptions? options = null) =>
        new(await SimulatorServer.StartAsync(options ?? Quick, cancellationToken: TestContext.Current.CancellationToken));

    public async Task<Reply> GetAsync(string path) => await SendAsync(new HttpRequestMessage(HttpMethod.Get, path));

    public Task<Reply> PostAsync(string path, string json) => SendAsync(Post(path, json));

    public async Task<Reply> SendAsync(HttpRequestMessage request)
    {
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Reply((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response.Content.Headers.ContentType);
    }

    /// <summary>Sends a request and reads its stream to the end.</summary>
    public async Task<IReadOnlyList<SseEvent>> StreamAsync(string path, string json)
    {
        using var response = await Client.SendAsync(Post(path, json), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return SseEvent.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Sends a request and hands out the open stream.</summary>
    public async Task<Stream> OpenAsync(string path, string json, CancellationToken cancellationToken)
    {
        var response = await Client.SendAsync(Post(path, json), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return await response.Content.ReadAsStreamAsync(cancellationToken);
    }

    /// <summary>Waits until a condition holds.</summary>
    public static async Task EventuallyAsync(Func<bool> condition)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Deadline, "The condition did not come true in time.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
    }

    private static HttpRequestMessage Post(string path, string json) =>
        new(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
}

/// <summary>A whole reply.</summary>
internal sealed record Reply(int Status, string Text, MediaTypeHeaderValue? ContentType)
{
    public JsonElement Json { get; } = Text.StartsWith('{') ? JsonElement.Parse(Text) : default;

    /// <summary>A string inside the body, by member names and array indices.</summary>
    public string? At(params object[] path) => Json.At(path).ToString();
}

/// <summary>One server-sent event.</summary>
internal sealed record SseEvent(string? Name, string Data)
{
    public JsonElement Json => JsonElement.Parse(Data);

    public static IReadOnlyList<SseEvent> Parse(string text) =>
    [
        .. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(block =>
        {
            var lines = block.Split('\n');
            return new SseEvent(
                lines.FirstOrDefault(line => line.StartsWith("event: ", StringComparison.Ordinal))?["event: ".Length..],
                string.Concat(lines.Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => line["data: ".Length..])));
        }),
    ];
}

internal static class JsonPath
{
    /// <summary>Walks down by member names and array indices.</summary>
    public static JsonElement At(this JsonElement json, params object[] path) =>
        path.Aggregate(json, (here, step) => step is int index ? here[index] : here.GetProperty((string)step));

    public static bool Has(this JsonElement json, string name) => json.TryGetProperty(name, out _);
}
