using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace LeanNats.Services;

/// <summary>The answer to <c>$SRV.PING</c>: this instance is there.</summary>
public sealed record PingResponse
{
    /// <summary>The kind of answer, as the protocol names it.</summary>
    public string Type { get; init; } = "io.nats.micro.v1.ping_response";

    /// <summary>The service.</summary>
    public required string Name { get; init; }

    /// <summary>The instance.</summary>
    public required string Id { get; init; }

    /// <summary>The version of the service.</summary>
    public required string Version { get; init; }

    /// <summary>Facts about the instance.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }
}

/// <summary>The answer to <c>$SRV.INFO</c>: what this instance offers.</summary>
public sealed record InfoResponse
{
    /// <summary>The kind of answer, as the protocol names it.</summary>
    public string Type { get; init; } = "io.nats.micro.v1.info_response";

    /// <summary>The service.</summary>
    public required string Name { get; init; }

    /// <summary>The instance.</summary>
    public required string Id { get; init; }

    /// <summary>The version of the service.</summary>
    public required string Version { get; init; }

    /// <summary>Facts about the instance.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>What the service is for.</summary>
    public required string Description { get; init; }

    /// <summary>What can be asked.</summary>
    public required IReadOnlyList<EndpointInfo> Endpoints { get; init; }
}

/// <summary>One endpoint of a service.</summary>
public sealed record EndpointInfo
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The subject it is asked on.</summary>
    public required string Subject { get; init; }

    /// <summary>The queue group that shares its requests; empty without one.</summary>
    public required string QueueGroup { get; init; }

    /// <summary>Facts about it.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }
}

/// <summary>The answer to <c>$SRV.STATS</c>: what this instance has done since it started.</summary>
public sealed record StatsResponse
{
    /// <summary>The kind of answer, as the protocol names it.</summary>
    public string Type { get; init; } = "io.nats.micro.v1.stats_response";

    /// <summary>The service.</summary>
    public required string Name { get; init; }

    /// <summary>The instance.</summary>
    public required string Id { get; init; }

    /// <summary>The version of the service.</summary>
    public required string Version { get; init; }

    /// <summary>Facts about the instance.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>When the instance started, in UTC.</summary>
    public required DateTime Started { get; init; }

    /// <summary>Each endpoint.</summary>
    public required IReadOnlyList<EndpointStats> Endpoints { get; init; }
}

/// <summary>What one endpoint has done. Times are in nanoseconds.</summary>
public sealed record EndpointStats
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The subject it is asked on.</summary>
    public required string Subject { get; init; }

    /// <summary>The queue group that shares its requests; empty without one.</summary>
    public required string QueueGroup { get; init; }

    /// <summary>Requests that were handled, failed ones included.</summary>
    public required long NumRequests { get; init; }

    /// <summary>Requests that failed.</summary>
    public required long NumErrors { get; init; }

    /// <summary>Code and words of the last failure, <c>400:words</c>; empty without one.</summary>
    public required string LastError { get; init; }

    /// <summary>The time spent on all requests.</summary>
    public required long ProcessingTime { get; init; }

    /// <summary>The time spent on one request.</summary>
    public required long AverageProcessingTime { get; init; }

    /// <summary>What <see cref="NatsSvcConfig.StatsHandler"/> added.</summary>
    public JsonNode? Data { get; init; }
}

/// <summary>The JSON of the answers.</summary>
internal static class ServiceJson
{
    // The text goes over a socket only, never into HTML.
    public static ServiceJsonContext Wire { get; } = new(new JsonSerializerOptions(ServiceJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PingResponse))]
[JsonSerializable(typeof(InfoResponse))]
[JsonSerializable(typeof(StatsResponse))]
internal sealed partial class ServiceJsonContext : JsonSerializerContext;
