using LeanNats;
using LmGateway.Configuration;

namespace LmGateway.Nats;

/// <summary>The settings as the client takes them.</summary>
internal static class NatsSettings
{
    public static NatsOpts Of(GatewayOptions options, TimeProvider time) => NatsOpts.Default with
    {
        Url = options.Nats.Url,
        Name = $"lmgateway {options.Node}",
        AuthOpts = Credentials(options.Nats),
        TlsOpts = Encryption(options.Nats),
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PingInterval = TimeSpan.FromSeconds(20),
        RetryOnInitialConnect = true,
        IgnoreAuthErrorAbort = true,        // credentials can be mended while the service runs
        TimeProvider = time,
    };

    private static NatsAuthOpts Credentials(NatsOptions options) => new()
    {
        Username = options.User,
        Password = options.Password,
        Token = options.Token,
        Jwt = options.Jwt,
        Seed = options.NKeySeed,
        NKeyFile = options.NKeyFile,
        CredsFile = options.CredsFile,
    };

    private static NatsTlsOpts Encryption(NatsOptions options) => new()
    {
        Mode = options.TlsMode switch
        {
            NatsTlsUse.Prefer => NatsTlsMode.Prefer,
            NatsTlsUse.Require => NatsTlsMode.Require,
            NatsTlsUse.Implicit => NatsTlsMode.Implicit,
            NatsTlsUse.Never => NatsTlsMode.Disable,
            _ => NatsTlsMode.Auto,
        },
        CaFile = options.TlsCaFile,
        CertFile = options.TlsCertFile,
        KeyFile = options.TlsKeyFile,
        InsecureSkipVerify = options.TlsInsecureSkipVerify,
    };
}
