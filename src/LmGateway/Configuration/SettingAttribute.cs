namespace LmGateway.Configuration;

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

    /// <summary>Environment names of the five documents, first one strongest.</summary>
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
}
