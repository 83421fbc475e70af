namespace LmGateway.Vocabulary;

/// <summary>A search for models to download.</summary>
/// <param name="Term">What to look for; null for what the backend recommends.</param>
/// <param name="Limit">Most results.</param>
internal sealed record ModelQuery(string? Term, int Limit);

/// <summary>A model that can be downloaded.</summary>
internal sealed record FoundModel(string Backend, string Name, string Identifier)
{
    /// <summary>Where it is kept: <c>catalog</c> or <c>hf</c> (Hugging Face).</summary>
    public string? Source { get; init; }

    public bool Exact { get; init; }
    public bool Recommended { get; init; }
}
