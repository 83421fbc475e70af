namespace LmGateway.Configuration;

/// <summary>What a text must look like, and how it is made canonical when it is read.</summary>
internal enum SettingForm
{
    Text,

    /// <summary>A file or folder; <c>~</c>, <c>$NAME</c>, <c>${NAME}</c> and <c>%NAME%</c> are expanded.</summary>
    Path,

    /// <summary>A server's address, without the API's own path.</summary>
    BaseUrl,

    /// <summary>What a listener binds: an IP address, localhost, or every interface.</summary>
    BindHost,
    ListenUrl,

    /// <summary>An IP address, a network, or <c>*</c> for everyone.</summary>
    CallerRange,

    /// <summary>An IP address or a network.</summary>
    AddressRange,
    WebOrigin,
    HostName,

    /// <summary>The kind of a backend, in any usual spelling.</summary>
    BackendKind,

    /// <summary>One entry of the list of backends.</summary>
    Backend,

    /// <summary>A named key: a mapping in the file, fields in one text elsewhere. Its secret is never shown.</summary>
    ApiKey,

    /// <summary>NATS servers, separated by commas, or <c>off</c>. Passwords in them are never shown.</summary>
    NatsServers,

    /// <summary>One token of a NATS subject.</summary>
    NatsName,
}

/// <summary>
/// Describes one setting where it is declared: its key in <c>lmgateway.yaml</c>, what it does, and the other names it goes by.
/// The loader, the checks, <c>doctor</c>, the example file and the documentation are all made from it.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string key, string description) : Attribute
{
    /// <summary>Dotted, lower case with underscores: <c>scheduling.on_demand.ttl_seconds</c>.</summary>
    public string Key { get; } = key;

    public string Description { get; } = description;

    /// <summary>
    /// Environment names beside the product's own, first one strongest. Keys below <c>inference.</c> get their
    /// <c>INFERENCE_INFERENCE_…</c> name by rule; it is listed here only where it must stand before another.
    /// </summary>
    public string[] Aliases { get; init; } = [];

    /// <summary>Other YAML keys for the same value, first one strongest.</summary>
    public string[] KeyAliases { get; init; } = [];

    public double Min { get; init; } = double.NegativeInfinity;
    public double Max { get; init; } = double.PositiveInfinity;

    /// <summary>The only values taken, without regard to case.</summary>
    public string[] OneOf { get; init; } = [];

    /// <summary>Shown as set or not set, never as a value.</summary>
    public bool Secret { get; init; }

    /// <summary><c>s</c>, <c>ms</c>, <c>bytes</c>, <c>tokens</c> …: the unit of a number or of a <see cref="TimeSpan"/> written as a number.</summary>
    public string? Unit { get; init; }

    /// <summary>What a text, or each text of a list, must look like.</summary>
    public SettingForm Form { get; init; }

    /// <summary>What an empty value stands for; null where it means unset.</summary>
    public string? WhenEmpty { get; init; }

    /// <summary>A change in the configuration file comes into force with the next start; without it, at once.</summary>
    public bool Restart { get; init; }

    /// <summary>A good value, shown where there is no default.</summary>
    public string? Example { get; init; }
}
