using System.Text.Json.Serialization;

namespace LeanNats;

/// <summary>What the server last said about itself (INFO). Fields that a server does not send have their default.</summary>
public sealed record NatsServerInfo
{
    /// <summary>The server's id.</summary>
    [JsonPropertyName("server_id")]
    public string? Id { get; init; }

    /// <summary>The server's name.</summary>
    [JsonPropertyName("server_name")]
    public string? Name { get; init; }

    /// <summary>The server's version. Features are better told by what it answers: clusters can mix versions.</summary>
    public string? Version { get; init; }

    /// <summary>The host the server listens on.</summary>
    public string? Host { get; init; }

    /// <summary>The port the server listens on.</summary>
    public int Port { get; init; }

    /// <summary>True when headers can be sent.</summary>
    [JsonPropertyName("headers")]
    public bool HeadersSupported { get; init; }

    /// <summary>The most bytes of headers and payload in one message.</summary>
    public long MaxPayload { get; init; }

    /// <summary>True when the server wants credentials.</summary>
    public bool AuthRequired { get; init; }

    /// <summary>True when the server speaks only TLS.</summary>
    public bool TlsRequired { get; init; }

    /// <summary>True when the server can speak TLS.</summary>
    public bool TlsAvailable { get; init; }

    /// <summary>True when JetStream is on.</summary>
    [JsonPropertyName("jetstream")]
    public bool JetStreamAvailable { get; init; }

    /// <summary>The JetStream API level; 0 before 2.11.</summary>
    [JsonPropertyName("api_lvl")]
    public int ApiLevel { get; init; }

    /// <summary>The JetStream domain.</summary>
    public string? Domain { get; init; }

    /// <summary>The cluster's name.</summary>
    public string? Cluster { get; init; }

    /// <summary>What the server wants signed.</summary>
    public string? Nonce { get; init; }

    /// <summary>The connection's number on the server.</summary>
    public ulong ClientId { get; init; }

    /// <summary>The address from which the server sees this client.</summary>
    public string? ClientIp { get; init; }

    /// <summary>The addresses of the servers of the cluster, without a scheme.</summary>
    [JsonPropertyName("connect_urls")]
    public IReadOnlyList<string>? ClientConnectUrls { get; init; }

    /// <summary>True when the server is about to shut down.</summary>
    [JsonPropertyName("ldm")]
    public bool LameDuckMode { get; init; }
}
