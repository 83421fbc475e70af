using System.Text.Json;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Status;

/// <summary>One picture of what the service is doing.</summary>
internal sealed record TopFrame(JsonElement Health, JsonElement Metrics, JsonElement Queue, IReadOnlyList<JsonElement> Requests)
{
    private const int MostEnded = 10;

    public static async Task<TopFrame> TakeAsync(ServiceCall call, CancellationToken cancellationToken)
    {
        var metrics = call.Service.GetAsync("/debug/metrics", cancellationToken);
        var queue = call.Service.GetAsync("/debug/queue", cancellationToken);
        var requests = call.Service.GetAsync("/debug/requests?limit=100", cancellationToken);
        var health = await call.Service.GetAsync("/health", cancellationToken);
        return new TopFrame(health, await metrics, await queue, Chosen((await requests).Items("requests")));
    }

    public static bool IsUnderWay(JsonElement request) => request.Text("state") is "queued" or "loading" or "processing" or "streaming";

    /// <summary>The frame as the members of one JSON object.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("status", Health.Text("status"));
        writer.WriteNumber("uptimeSeconds", Health.Number("uptime_seconds") ?? 0);
        writer.WriteNumber("memoryBytes", MemoryBytes);
        writer.WriteNumber("tokensPerSecond", TokensPerSecond);
        Member("performance", Metrics.Member("performance"));
        Member("queue", Queue);
        writer.WriteStartArray("requests");
        foreach (var request in Requests) request.WriteTo(writer);
        writer.WriteEndArray();

        void Member(string name, JsonElement? value)
        {
            writer.WritePropertyName(name);
            if (value is { } known) known.WriteTo(writer);
            else writer.WriteNullValue();
        }
    }

    public long MemoryBytes => Metrics.Member("system")?.Member("memoryUsageRaw")?.Whole("rss") ?? 0;

    /// <summary>The mean of the last requests.</summary>
    public double TokensPerSecond => Metrics.Member("performance")?.Number("avgTokensPerSec") ?? 0;

    /// <summary>Everything under way, and the last that ended.</summary>
    private static IReadOnlyList<JsonElement> Chosen(IReadOnlyList<JsonElement> all) =>
        [.. all.Where(IsUnderWay), .. all.Where(request => !IsUnderWay(request)).Take(MostEnded)];
}
