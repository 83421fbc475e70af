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

    /// <summary>These, and the others where these say nothing.</summary>
    public InferenceDefaults Over(InferenceDefaults others) => new()
    {
        Temperature = Temperature ?? others.Temperature,
        MaxTokens = MaxTokens ?? others.MaxTokens,
        TopP = TopP ?? others.TopP,
        TopK = TopK ?? others.TopK,
        RepeatPenalty = RepeatPenalty ?? others.RepeatPenalty,
        StopStrings = StopStrings ?? others.StopStrings,
        Stream = Stream ?? others.Stream,
    };
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
