namespace LmGateway.Configuration;

internal enum NatsTlsUse
{
    /// <summary>As the server's address and the server say.</summary>
    Auto,

    /// <summary>Whenever the server offers it.</summary>
    Prefer,

    /// <summary>Always.</summary>
    Require,

    /// <summary>Before anything else is said ("handshake first").</summary>
    Implicit,
    Never,
}

internal enum NatsErrorLanguage
{
    /// <summary>Portuguese, in the words of the NATS service's document.</summary>
    Pt,
    En,
}

internal sealed record NatsOptions
{
    /// <summary>The address that turns NATS off.</summary>
    public const string Off = "off";

    [Setting("nats.url", "NATS servers. Empty or off for no NATS. Where it is not set, the usual server on this machine is used if there is one.",
        Aliases = ["NATS_URL"], Form = SettingForm.NatsServers, WhenEmpty = Off, Restart = true)]
    public string Url { get; init; } = "nats://127.0.0.1:4222";

    [Setting("nats.queue_group", "Workers in the same group share the requests.", Aliases = ["NATS_QUEUE_GROUP"], Form = SettingForm.NatsName, Restart = true)]
    public string QueueGroup { get; init; } = "lmstudio-workers";

    [Setting("nats.user", "User name, with nats.password.", Example = "worker", Restart = true)]
    public string? User { get; init; }

    [Setting("nats.password", "The user's password.", Example = "a-password", Secret = true, Restart = true)]
    public string? Password { get; init; }

    [Setting("nats.token", "A token instead of user and password.", Example = "a-long-random-text", Secret = true, Restart = true)]
    public string? Token { get; init; }

    [Setting("nats.creds_file", "A credentials file (JWT and seed), as nsc writes it.", Form = SettingForm.Path, Example = "~/.config/lmgateway/nats.creds", Restart = true)]
    public string? CredsFile { get; init; }

    [Setting("nats.nkey_seed", "The seed of an NKEY (SU…).", Example = "SUAF-the-seed", Secret = true, Restart = true)]
    public string? NKeySeed { get; init; }

    [Setting("nats.nkey_file", "A file that holds the seed.", Form = SettingForm.Path, Example = "~/.config/lmgateway/nats.nk", Restart = true)]
    public string? NKeyFile { get; init; }

    [Setting("nats.jwt", "A user JWT, signed for with nats.nkey_seed or nats.nkey_file.", Example = "eyJ0eXAi-the-token", Secret = true, Restart = true)]
    public string? Jwt { get; init; }

    [Setting("nats.tls.mode", "When the connection is encrypted: as the server asks (auto), whenever it offers it, always, before anything else is said, or never.", Restart = true)]
    public NatsTlsUse TlsMode { get; init; } = NatsTlsUse.Auto;

    [Setting("nats.tls.ca_file", "Authorities that the server's certificate must come from (PEM), in place of the machine's.", Form = SettingForm.Path, Example = "~/.config/lmgateway/nats-ca.pem", Restart = true)]
    public string? TlsCaFile { get; init; }

    [Setting("nats.tls.cert_file", "The client's certificate (PEM), with nats.tls.key_file.", Form = SettingForm.Path, Example = "~/.config/lmgateway/nats-cert.pem", Restart = true)]
    public string? TlsCertFile { get; init; }

    [Setting("nats.tls.key_file", "The private key of the certificate (PEM).", Form = SettingForm.Path, Example = "~/.config/lmgateway/nats-key.pem", Restart = true)]
    public string? TlsKeyFile { get; init; }

    [Setting("nats.tls.insecure_skip_verify", "Take any certificate. Only for tests.", Restart = true)]
    public bool TlsInsecureSkipVerify { get; init; }

    [Setting("nats.require_key", "Ask for a key on NATS too. Where unset: when there are keys, and the NATS server does not know its clients by credentials such as nats.user.", Example = "true")]
    public bool? RequireKey { get; init; }

    [Setting("nats.key_name", "The named key whose rights requests have that bear no key. Without it, they have every right where they need no key.", Example = "workers")]
    public string? KeyName { get; init; }

    [Setting("nats.error_language", "Language of the errors that the NATS service's document quotes in Portuguese.")]
    public NatsErrorLanguage ErrorLanguage { get; init; } = NatsErrorLanguage.Pt;

    [Setting("nats.max_requests", "Requests that are worked on at the same time; more are refused.", Min = 1, Max = 1000000, Restart = true)]
    public int MaxRequests { get; init; } = 1024;

    [Setting("nats.list_timeout", "Time limit of lmstudio.list_models, where the caller gives none.", Min = 1, Max = 86400, Unit = "s")]
    public int ListTimeoutSeconds { get; init; } = 30;

    [Setting("nats.chat_timeout", "Time limit of lmstudio.chat_model and lmstudio.embed, where the caller gives none.", Min = 1, Max = 86400, Unit = "s")]
    public int ChatTimeoutSeconds { get; init; } = 120;

    [Setting("nats.delete_timeout", "Time limit of lmstudio.delete_model, where the caller gives none.", Min = 1, Max = 86400, Unit = "s")]
    public int DeleteTimeoutSeconds { get; init; } = 120;

    /// <summary>Filled in by the loader: the servers were named, not taken by default.</summary>
    public bool IsConfigured { get; init; }

    /// <summary>The NATS server lets nobody in unknown.</summary>
    public bool HasCredentials =>
        (User ?? Token ?? CredsFile ?? NKeySeed ?? NKeyFile ?? Jwt ?? TlsCertFile) is not null || Url.Contains('@', StringComparison.Ordinal);

    /// <summary>A request without a key is refused, where there are keys.</summary>
    public bool NeedsKey => RequireKey ?? (KeyName is null && !HasCredentials);

    public bool IsOn => Url != Off;
}
