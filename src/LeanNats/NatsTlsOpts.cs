using System.Net.Security;

namespace LeanNats;

/// <summary>When a connection is encrypted.</summary>
public enum NatsTlsMode
{
    /// <summary>As the server's scheme says: <c>tls://</c> requires it, <c>nats://</c> takes it when the server offers it and TLS options are set, or when the server requires it.</summary>
    Auto,

    /// <summary>Whenever the server offers it.</summary>
    Prefer,

    /// <summary>Always; a server without TLS is refused.</summary>
    Require,

    /// <summary>Before anything else is said ("handshake first", servers from 2.10.4).</summary>
    Implicit,

    /// <summary>Never; a server that requires it is refused.</summary>
    Disable,
}

/// <summary>How a connection is encrypted. All files are PEM.</summary>
public sealed record NatsTlsOpts
{
    /// <summary>TLS as the server asks, checked against the machine's authorities.</summary>
    public static NatsTlsOpts Default { get; } = new();

    /// <summary>When TLS is used.</summary>
    public NatsTlsMode Mode { get; init; }

    /// <summary>The authorities that the server's certificate must come from, in place of the machine's.</summary>
    public string? CaFile { get; init; }

    /// <summary>The client's certificate, with <see cref="KeyFile"/>.</summary>
    public string? CertFile { get; init; }

    /// <summary>The private key of <see cref="CertFile"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>True takes any certificate. Only for tests.</summary>
    public bool InsecureSkipVerify { get; init; }

    /// <summary>Called last, to change what nothing else here can say.</summary>
    public Action<SslClientAuthenticationOptions>? ConfigureClientAuthentication { get; init; }

    internal bool IsConfigured =>
        CaFile is not null || CertFile is not null || InsecureSkipVerify || ConfigureClientAuthentication is not null;
}
