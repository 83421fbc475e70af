using System.Security.Cryptography;
using System.Text;
using LmGateway.Configuration;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Security;

/// <summary>
/// Every key that opens this service: the one of the settings, which opens everything, and those of the state folder. Reading takes no lock;
/// the stored ones are replaced as a whole.
/// </summary>
internal sealed class KeyRing(LiveSettings settings)
{
    private static readonly KeyGrant Everything = new(SecurityRules.DefaultKeyName);

    private readonly MadeFromSettings<ApiKeys> configured = new(settings, options => new ApiKeys([new(SecurityRules.DefaultKeyName, options.Security.ApiKey)]));
    private volatile Entry[] stored = [];
    private volatile bool locked;

    /// <summary>False where there is no key at all: then whatever callers present is ignored.</summary>
    public bool Required => configured.Current.Required || locked;

    /// <summary>What the key in any of the three headers grants; null where it is none of ours.</summary>
    public KeyGrant? GrantOf(IHeaderDictionary headers)
    {
        if (configured.Current.CallerOf(headers) is not null) return Everything;
        if (stored.Length == 0) return null;
        foreach (var value in headers["X-API-Key"])
            if (StoredGrantOf(value) is { } grant) return grant;
        foreach (var value in headers.Authorization)
            if (StoredGrantOf(ApiKeys.BearerOf(value)) is { } grant) return grant;
        foreach (var value in headers["api-key"])
            if (StoredGrantOf(value) is { } grant) return grant;
        return null;
    }

    /// <summary>What a secret grants, however it came; null where it is none of ours.</summary>
    public KeyGrant? GrantOf(ReadOnlySpan<char> secret) => configured.Current.NameOf(secret) is not null ? Everything : StoredGrantOf(secret);

    /// <summary>The key with the name, if it still is one.</summary>
    public KeyGrant? Named(string? name) =>
        name is null ? null
        : name == Everything.Name && configured.Current.Required ? Everything
        : Array.Find(stored, entry => entry.Grant.Name == name)?.Grant;

    /// <summary>Takes the place of all stored keys. Null (they cannot be read) opens nothing, and does not open the service to everyone either.</summary>
    public void Replace(IReadOnlyList<StoredKey>? keys)
    {
        stored = [.. (keys ?? []).Where(key => key.Sha256.Length == 2 * SHA256.HashSizeInBytes && key.Sha256.All(char.IsAsciiHexDigit)).Select(key => new Entry(Convert.FromHexString(key.Sha256), key.Grant))];
        locked = keys is null || keys.Count > 0;
    }

    private KeyGrant? StoredGrantOf(ReadOnlySpan<char> secret)
    {
        var entries = stored;
        if (entries.Length == 0 || secret.IsEmpty || secret.Length > 512) return null;
        Span<byte> text = stackalloc byte[Encoding.UTF8.GetMaxByteCount(secret.Length)];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(secret, text)], hash);
        foreach (var entry in entries)
            if (CryptographicOperations.FixedTimeEquals(hash, entry.Hash)) return entry.Grant;
        return null;
    }

    private sealed record Entry(byte[] Hash, KeyGrant Grant);
}
