using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>
/// One row of a mapping table: a setting's name, the keys it is written to, its value if it is set, and the value that a missing
/// key stands for.
/// </summary>
internal sealed record ConfigurationKey<T>(string Name, string[] Keys, Func<T, JsonElement?> Value, string? Default = null)
{
    /// <summary>The keys for an embedding model; none where it has no such setting.</summary>
    public string[] EmbeddingKeys { get; init; } = [];
}
