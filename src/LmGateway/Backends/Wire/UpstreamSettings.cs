using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>What a connection to a backend's HTTP server needs to know.</summary>
internal sealed record UpstreamSettings
{
    /// <summary>The backend's name, for messages.</summary>
    public required string Backend { get; init; }

    /// <summary>What people call the program, for messages: <c>LM Studio</c>.</summary>
    public required string Program { get; init; }

    public required Uri Address { get; init; }
    public required TimeSpan ConnectTimeout { get; init; }
    public TimeSpan IdleConnectionTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Idle connections that are kept; null for any number.</summary>
    public int? MaxIdleConnections { get; init; }

    /// <summary>How often a connection that could not be made is tried again.</summary>
    public int MaxRetries { get; init; }

    /// <summary>The pause before the first of these attempts; it doubles with each.</summary>
    public TimeSpan RetryBackoff { get; init; }

    /// <summary>The backend's own credential, sent as a bearer token.</summary>
    public string? Token { get; init; }

    /// <summary>Sent with every request.</summary>
    public IReadOnlyList<Header> Headers { get; init; } = [];

    /// <summary>The connection that the settings describe, without a credential.</summary>
    public static UpstreamSettings Of(GatewayOptions options, string backend, string program) => new()
    {
        Backend = backend,
        Program = program,
        Address = new Uri(options.LmStudio.BaseUrl),
        ConnectTimeout = options.ConnectTimeout,
        IdleConnectionTimeout = TimeSpan.FromSeconds(options.Inference.HttpKeepAliveSecs),
        MaxIdleConnections = options.Inference.HttpMaxIdleConnections,
        MaxRetries = options.Inference.ConnectionRetries,
        RetryBackoff = TimeSpan.FromMilliseconds(options.Inference.HttpRetryBackoffMs),
    };
}
