using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using LmGateway.Configuration;
using LmGateway.Events;
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

    [JsonIgnore]
    public KeyGrant Grant => new(Name)
    {
        Scopes = Scopes.Aggregate(KeyScopes.None, (all, word) => all | ScopeWords.Read(word)),
        Models = Models,
        RequestsPerMinute = RequestsPerMinute,
        TokensPerMinute = TokensPerMinute,
        TokensPerDay = TokensPerDay,
    };

    /// <summary>A key of the settings, which may stand there in clear.</summary>
    public static StoredKey Of(KeyEntry entry) => new()
    {
        Name = entry.Name,
        Sha256 = entry.Key is { } secret ? HashOf(secret) : entry.Sha256,
        Scopes = entry.Scopes,
        Models = entry.Models,
        RequestsPerMinute = entry.RequestsPerMinute,
        TokensPerMinute = entry.TokensPerMinute,
        TokensPerDay = entry.TokensPerDay,
    };

    /// <summary>Who it is and what it may, as the admin API and the command line tell it; no secret, nor its hash.</summary>
    public void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("name", Name);
        json.WriteList("scopes", Scopes);
        json.WriteList("models", Models);
        json.WriteKnown("requestsPerMinute", RequestsPerMinute);
        json.WriteKnown("tokensPerMinute", TokensPerMinute);
        json.WriteKnown("tokensPerDay", TokensPerDay);
    }

    /// <summary>A new secret, which nobody can read again, and its hash.</summary>
    public static (string Secret, string Hash) NewSecret()
    {
        var secret = "lmg-" + System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (secret, HashOf(secret));
    }

    private static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}

/// <summary>The file <c>keys.json</c>.</summary>
internal sealed record KeyFileContent(IReadOnlyList<StoredKey>? Keys);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(KeyFileContent))]
internal sealed partial class KeyJson : JsonSerializerContext;
