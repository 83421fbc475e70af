using System.Net.WebSockets;

namespace LmStudio.Client;

/// <summary>How to reach LM Studio and how long to wait for it. Every default suits a local installation.</summary>
public sealed record LmStudioClientOptions
{
    /// <summary>
    /// Address of the server: http, https, ws or wss, with or without a path prefix; a trailing <c>/v1</c>, <c>/api/v0</c> or
    /// <c>/api/v1</c> is ignored. Null finds a local installation by its port file and its five well-known ports.
    /// </summary>
    public Uri? BaseAddress { get; init; }

    /// <summary>API token, <c>sk-lm-XXXXXXXX:YYYYYYYYYYYYYYYYYYYY</c>; null connects as a guest.</summary>
    public string? ApiToken { get; init; }

    /// <summary>Whether a text has the form of LM Studio's API tokens; other texts are refused as one.</summary>
    public static bool IsApiToken(string text) => ClientIdentity.IsToken(text);

    /// <summary>Identifier presented on the WebSocket in place of the token's or a random guest's; needs <see cref="ClientPasskey"/>.</summary>
    public string? ClientIdentifier { get; init; }

    /// <summary>Passkey that belongs to <see cref="ClientIdentifier"/>.</summary>
    public string? ClientPasskey { get; init; }

    /// <summary>Limit for one attempt to connect: discovery, upgrade and authentication together.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Attempts to connect before <see cref="LmStudioConnectionException"/>.</summary>
    public int ConnectAttempts { get; init; } = 3;

    /// <summary>Pause between two attempts to connect.</summary>
    public TimeSpan ConnectRetryDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Limit for one request that LM Studio answers at once.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long work of the model may go without a sign: the longest silence of a load, prediction or download, and the limit for
    /// an embedding or an unload.
    /// </summary>
    public TimeSpan ChannelIdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a cancelled load or download may take to end before the caller is released.</summary>
    public TimeSpan CancelTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Silence after which the peer is asked whether it is alive.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long that question may stay unanswered before the connection counts as lost.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>Largest frame accepted from the server; a larger one ends the connection.</summary>
    public int MaxFrameBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Largest HTTP response body accepted.</summary>
    public int MaxResponseBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>The clock of every deadline.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Handler of the HTTP calls; null makes one. The client does not dispose a handler given here.</summary>
    public HttpMessageHandler? HttpHandler { get; init; }

    /// <summary>Last touch on each WebSocket before it connects: certificates, proxy, headers.</summary>
    public Action<ClientWebSocketOptions>? ConfigureWebSocket { get; init; }

    /// <summary>
    /// Told about everything that the protocol says to ignore, and about warnings of the server. It is called from the receive loop
    /// and must return quickly; what it throws is swallowed.
    /// </summary>
    public Action<LmStudioWarning>? OnWarning { get; init; }

    /// <summary>LM Studio's home folder, for discovery; null finds it.</summary>
    public string? HomeFolder { get; init; }

    internal void Warn(string origin, string text, string? kind = null)
    {
        try
        {
            OnWarning?.Invoke(new LmStudioWarning(origin, text, kind));
        }
        catch (Exception)
        {
            // A listener's fault must not end the connection.
        }
    }
}

/// <summary>Something odd that did not stop the client: where it happened, what, and LM Studio's kind of warning if it gave one.</summary>
public sealed record LmStudioWarning(string Origin, string Text, string? Kind);
