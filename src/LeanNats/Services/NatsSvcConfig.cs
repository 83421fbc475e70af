using System.Collections.ObjectModel;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LeanNats.Services;

/// <summary>What a service says about itself.</summary>
public sealed partial record NatsSvcConfig
{
    /// <summary>The queue group that the protocol names for who asks for no other.</summary>
    public const string DefaultQueueGroup = "q";

    /// <summary>The name that all instances share: letters, digits, <c>-</c> and <c>_</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The version by semver.org.</summary>
    public required string Version { get; init; }

    /// <summary>What the service is for.</summary>
    public string Description { get; init; } = "";

    /// <summary>Facts about this instance. They stay as they are while it runs.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>The queue group of every endpoint that names none. Empty: every instance gets every request.</summary>
    public string QueueGroup { get; init; } = DefaultQueueGroup;

    /// <summary>Called for each endpoint when statistics are asked for; what it returns is their <c>data</c>.</summary>
    public Func<EndpointInfo, JsonNode?>? StatsHandler { get; init; }

    internal void Check()
    {
        CheckName(Name, nameof(Name));
        if (!SemanticVersion().IsMatch(Version)) throw new ArgumentException($"'{Version}' is not a version such as 1.0.0.", nameof(Version));
        CheckQueueGroup(QueueGroup, nameof(QueueGroup));
    }

    internal static void CheckName(string name, string parameter)
    {
        if (!ServiceName().IsMatch(name))
            throw new ArgumentException($"'{name}' is not a name of letters, digits, '-' and '_'.", parameter);
    }

    internal static void CheckQueueGroup(string queueGroup, string parameter)
    {
        if (queueGroup.Length > 0) NatsSubject.CheckQueueGroup(queueGroup, parameter);
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-]+\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ServiceName();

    [GeneratedRegex(
        @"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?\z",
        RegexOptions.ExplicitCapture | RegexOptions.ECMAScript, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SemanticVersion();
}

/// <summary>Settings of one endpoint.</summary>
public sealed record NatsSvcEndpointOpts
{
    /// <summary>The queue group. Null: that of the group or the service. Empty: every instance gets every request.</summary>
    public string? QueueGroup { get; init; }

    /// <summary>Facts about this endpoint.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>How many requests are handled at once. With 1 they are handled in the order they come.</summary>
    public int MaxConcurrency { get; init; } = 1;

    /// <summary>How requests wait that have come and are not handled yet.</summary>
    public NatsSubOpts SubOpts { get; init; } = new();
}
