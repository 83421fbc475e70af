using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Ollama.StandIn;

/// <summary>A model in the store. Its name says what it can do: <c>embed</c>, <c>think</c> or <c>r1</c>, <c>vision</c> or <c>llava</c>.</summary>
public sealed record StandInModel(string Name)
{
    public string Digest { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Name.ToLowerInvariant())));

    public long Size { get; init; } = 2_019_393_189;

    public bool Embeds => Name.Contains("embed", StringComparison.OrdinalIgnoreCase);

    public bool Thinks => Name.Contains("think", StringComparison.OrdinalIgnoreCase) || Name.Contains("r1", StringComparison.OrdinalIgnoreCase);

    public bool Sees => Name.Contains("vision", StringComparison.OrdinalIgnoreCase) || Name.Contains("llava", StringComparison.OrdinalIgnoreCase);

    public string[] Capabilities => Embeds ? ["embedding"] : ["completion", "tools", .. Sees ? ["vision"] : Array.Empty<string>(), .. Thinks ? ["thinking"] : Array.Empty<string>()];

    /// <summary><c>host/namespace/model:tag</c>; the tag is <c>latest</c> where none is named.</summary>
    public static string FullName(string name) => name[(name.LastIndexOf('/') + 1)..].Contains(':', StringComparison.Ordinal) ? name : name + ":latest";

    /// <summary>What Ollama refuses as a name.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and < 400 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' or ':' or '/') && !name.StartsWith('/') && !name.EndsWith('/');

    public JsonObject Details(bool recent)
    {
        var details = new JsonObject
        {
            ["parent_model"] = "",
            ["format"] = "gguf",
            ["family"] = Embeds ? "nomic-bert" : "llama",
            ["families"] = Sees ? null : new JsonArray(Embeds ? "nomic-bert" : "llama"),
            ["parameter_size"] = "3.2B",
            ["quantization_level"] = "Q4_K_M",
        };
        if (!recent) return details;
        details["context_length"] = 131_072;
        details["embedding_length"] = 3072;
        return details;
    }
}
