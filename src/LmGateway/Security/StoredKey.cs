using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using LmGateway.Vocabulary;

namespace LmGateway.Security;

/// <summary>A key as it lies in the state folder: its secret only as a hash, which is enough for a secret of 256 random bits.</summary>
internal sealed record StoredKey
{
    /// <summary>Shown in logs and lists; unique.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the secret, in hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary><c>inference</c>, <c>models</c>, <c>admin</c>, <c>debug</c>.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    public IReadOnlyList<string> Models { get; init; } = [];
    public int? RequestsPerMinute { get; init; }
    public long? TokensPerMinute { get; init; }
    public long? TokensPerDay { get; init; }
    public DateTimeOffset Created { get; init; }

    public static IReadOnlyList<string> KnownScopes { get; } = ["inference", "models", "admin", "debug"];

    [JsonIgnore]
    public KeyGrant Grant => new(Name)
    {
        Scopes = Scopes.Aggregate(KeyScopes.None, (all, word) => all | ScopeOf(word)),
        Models = Models,
        RequestsPerMinute = RequestsPerMinute,
        TokensPerMinute = TokensPerMinute,
        TokensPerDay = TokensPerDay,
    };

    /// <summary>A new secret, which nobody can read again, and its hash.</summary>
    public static (string Secret, string Hash) NewSecret()
    {
        var secret = "lmg-" + System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (secret, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret))));
    }

    private static KeyScopes ScopeOf(string word) => word switch
    {
        "inference" => KeyScopes.Inference,
        "models" => KeyScopes.Models,
        "admin" => KeyScopes.Admin,
        "debug" => KeyScopes.Debug,
        _ => KeyScopes.None,
    };
}

/// <summary>The file <c>keys.json</c>.</summary>
internal sealed record KeyFileContent(IReadOnlyList<StoredKey>? Keys);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(KeyFileContent))]
internal sealed partial class KeyJson : JsonSerializerContext;
