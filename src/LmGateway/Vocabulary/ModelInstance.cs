namespace LmGateway.Vocabulary;

/// <summary>Names one loaded copy of a model among all nodes and backends. <see cref="Identifier"/> is what inference calls address.</summary>
internal readonly record struct InstanceId(string Node, string Backend, string Identifier)
{
    public override string ToString() => $"{Node}/{Backend}/{Identifier}";
}

/// <summary>A loaded copy of a model.</summary>
internal sealed record ModelInstance
{
    public required InstanceId Id { get; init; }

    /// <summary>The key of the model that this is a copy of.</summary>
    public required string ModelKey { get; init; }

    public required ModelType Type { get; init; }

    public string? DisplayName { get; init; }

    /// <summary>Where the model lies below the models folder.</summary>
    public string? Path { get; init; }

    /// <summary>The context that was allocated, in tokens.</summary>
    public int? ContextLength { get; init; }

    /// <summary>How many requests the instance runs at the same time; null where the backend does not say.</summary>
    public int? Parallel { get; init; }

    /// <summary>Idle time after which the backend unloads the instance; null for never.</summary>
    public TimeSpan? Ttl { get; init; }

    public string Identifier => Id.Identifier;
}
