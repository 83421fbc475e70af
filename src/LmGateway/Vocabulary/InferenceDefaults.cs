namespace LmGateway.Vocabulary;

/// <summary>Parameters put into requests that do not have them. What is null is not put in.</summary>
internal sealed record InferenceDefaults
{
    public double? Temperature { get; init; }
    public int? MaxTokens { get; init; }
    public double? TopP { get; init; }
    public int? TopK { get; init; }
    public double? RepeatPenalty { get; init; }
    public IReadOnlyList<string>? StopStrings { get; init; }
    public bool? Stream { get; init; }

    public static InferenceDefaults None { get; } = new();
}

/// <summary>The model that requests get which name none, and the parameters that go with it.</summary>
internal sealed record ActiveModel(string ModelKey)
{
    /// <summary>One instance of it; null for any.</summary>
    public string? InstanceId { get; init; }

    public InferenceDefaults Defaults { get; init; } = InferenceDefaults.None;

    /// <summary>What to put into a request.</summary>
    public string Name => InstanceId ?? ModelKey;
}
