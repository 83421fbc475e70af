namespace LeanNats;

/// <summary>Settings of a <see cref="NatsConnection"/>. Immutable: change a copy with <c>with</c>.</summary>
public sealed record NatsOpts
{
    /// <summary>The settings of a connection to a server on this machine.</summary>
    public static NatsOpts Default { get; } = new();

    /// <summary>
    /// The servers, separated by commas: <c>nats://host:4222</c>, <c>tls://host</c> (TLS or nothing), <c>nats://user:password@host</c> or
    /// <c>nats://token@host</c>. The scheme and the port may be left out.
    /// </summary>
    public string Url { get; init; } = "nats://localhost:4222";

    /// <summary>The name under which the server lists this connection.</summary>
    public string Name { get; init; } = "LeanNats";

    /// <summary>False keeps the connection's own messages away from its own subscriptions.</summary>
    public bool Echo { get; init; } = true;

    /// <summary>Who this client says it is.</summary>
    public NatsAuthOpts AuthOpts { get; init; } = NatsAuthOpts.Default;

    /// <summary>Whether and how the connection is encrypted.</summary>
    public NatsTlsOpts TlsOpts { get; init; } = NatsTlsOpts.Default;

    /// <summary>The first token or tokens of every reply subject.</summary>
    public string InboxPrefix { get; init; } = "_INBOX";

    /// <summary>True tries the servers in the order they are written instead of a random one.</summary>
    public bool NoRandomize { get; init; }

    /// <summary>True uses only the servers of <see cref="Url"/>, not those that a server tells of.</summary>
    public bool IgnoreDiscoveredServers { get; init; }

    /// <summary>The most that connecting to one server may take, TLS and sign-in included.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a request waits for its reply, and a many-reply request for the next one, unless it says otherwise.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a publish, a flush or a ping may wait: for room, for the server, or for the connection to come back.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The most that <see cref="NatsConnection.DrainAsync"/> waits for messages that are still being handled.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the connection is tested with a PING.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A connection with this many unanswered PINGs is given up as stale.</summary>
    public int MaxPingOut { get; init; } = 2;

    /// <summary>True keeps trying when no server answers the first time, as it does after a loss.</summary>
    public bool RetryOnInitialConnect { get; init; }

    /// <summary>How many rounds over all servers are tried after a loss; -1 never gives up.</summary>
    public int MaxReconnectRetry { get; init; } = -1;

    /// <summary>The wait after the first failed round. It doubles with each further round.</summary>
    public TimeSpan ReconnectWaitMin { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait between rounds.</summary>
    public TimeSpan ReconnectWaitMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Up to so much is added to each wait, so that clients do not come back all at once.</summary>
    public TimeSpan ReconnectJitter { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>True keeps trying even when the servers refuse the credentials twice in a row.</summary>
    public bool IgnoreAuthErrorAbort { get; init; }

    /// <summary>Bytes of unsent frames past which publishers wait for the socket.</summary>
    public int WriterBufferSize { get; init; } = 1024 * 1024;

    /// <summary>
    /// Bytes that publishers may hold waiting, for room or for the connection to come back; one that asks for more fails at once. Each
    /// message counts some 200 bytes more than its payload and headers.
    /// </summary>
    public long PendingBytesLimit { get; init; } = 64 * 1024 * 1024;

    /// <summary>A server that announces a larger message than this is cut off.</summary>
    public int MaxPayloadHardCap { get; init; } = 64 * 1024 * 1024;

    /// <summary>Where time comes from.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Names the servers, never a secret that is written in their URLs.</summary>
    public override string ToString() => string.Join(',', Url.Split(',').Select(url => url[(url.LastIndexOf('@') + 1)..]));
}
