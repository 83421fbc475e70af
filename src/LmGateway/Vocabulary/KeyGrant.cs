namespace LmGateway.Vocabulary;

/// <summary>What a key opens.</summary>
[Flags]
internal enum KeyScopes
{
    None = 0,
    /// <summary>Asking models, and seeing which there are.</summary>
    Inference = 1,
    /// <summary>Loading, unloading, activating, downloading and deleting models.</summary>
    Models = 2,
    /// <summary>Everything, keys included.</summary>
    Admin = 4,
    /// <summary>The debug API and the figures.</summary>
    Debug = 8,
    All = Inference | Models | Admin | Debug,
}

/// <summary>What the holder of a key may do. It travels with each of the holder's calls.</summary>
internal sealed record KeyGrant(string Name)
{
    public KeyScopes Scopes { get; init; } = KeyScopes.All;

    /// <summary>Keys of the models that may be used; empty for every model.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    public int? RequestsPerMinute { get; init; }

    /// <summary>Tokens of prompts and answers together.</summary>
    public long? TokensPerMinute { get; init; }

    public long? TokensPerDay { get; init; }

    public bool IsLimited => RequestsPerMinute is not null || TokensPerMinute is not null || TokensPerDay is not null;

    public bool Opens(KeyScopes scope) => (Scopes & (scope | KeyScopes.Admin)) != KeyScopes.None;

    /// <summary>Throws <see cref="ErrorCode.Forbidden"/> for a model that is not among <see cref="Models"/>.</summary>
    public void DemandModel(string modelKey)
    {
        if (Models.Count > 0 && !Models.Contains(modelKey))
            throw new GatewayException(new GatewayError(ErrorCode.Forbidden, $"The key '{Name}' may not use '{modelKey}'. Its models: {string.Join(", ", Models)}.") { Parameter = "model" });
    }
}
