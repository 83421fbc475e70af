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

/// <summary>The scopes as people write them.</summary>
internal static class ScopeWords
{
    public static IReadOnlyList<string> All { get; } = ["inference", "models", "admin", "debug"];

    /// <summary>None for a word that is no scope.</summary>
    public static KeyScopes Read(string word) => word switch
    {
        "inference" => KeyScopes.Inference,
        "models" => KeyScopes.Models,
        "admin" => KeyScopes.Admin,
        "debug" => KeyScopes.Debug,
        _ => KeyScopes.None,
    };

    public static string For(KeyScopes scope) => scope switch
    {
        KeyScopes.Inference => "inference",
        KeyScopes.Models => "models",
        KeyScopes.Debug => "debug",
        _ => "admin",
    };
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

    public bool CountsTokens => TokensPerMinute is not null || TokensPerDay is not null;

    public bool IsLimited => RequestsPerMinute is not null || CountsTokens;

    public bool Opens(KeyScopes scope) => (Scopes & (scope | KeyScopes.Admin)) != KeyScopes.None;

    /// <summary>It is for some models only.</summary>
    public bool IsForSome => Models.Count > 0;

    /// <summary>Throws <see cref="ErrorCode.Forbidden"/> where the key lacks the scope.</summary>
    /// <param name="scope">The scope that is needed.</param>
    /// <param name="what">What it is needed for: <c>this route</c>.</param>
    public void Demand(KeyScopes scope, string what)
    {
        if (!Opens(scope)) throw new GatewayException(ErrorCode.Forbidden, $"The key '{Name}' does not open {what}: it lacks the scope '{ScopeWords.For(scope)}'.");
    }

    /// <summary>Whether the model, or the one that it is a variant of (<c>key@variant</c>), may be used.</summary>
    public bool Allows(string modelKey) =>
        !IsForSome || Models.Contains(modelKey, StringComparer.OrdinalIgnoreCase)
        || (modelKey.LastIndexOf('@') is > 0 and var at && Models.Contains(modelKey[..at], StringComparer.OrdinalIgnoreCase));

    /// <summary>Throws <see cref="ErrorCode.Forbidden"/> for a model that is not among <see cref="Models"/>.</summary>
    public void DemandModel(string modelKey)
    {
        if (!Allows(modelKey))
            throw new GatewayException(new GatewayError(ErrorCode.Forbidden, $"The key '{Name}' may not use '{modelKey}'. Its models: {string.Join(", ", Models)}.") { Parameter = "model" });
    }

    /// <summary>Throws <see cref="ErrorCode.Forbidden"/> for a key that is for some models only, where nobody can tell which are meant.</summary>
    /// <param name="what">What is asked for: <c>this route</c>.</param>
    public void DemandEveryModel(string what)
    {
        if (IsForSome) throw new GatewayException(ErrorCode.Forbidden, $"The key '{Name}' is for some models only; {what} cannot tell which one is meant.");
    }
}
