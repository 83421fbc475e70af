using System.Security.Cryptography;
using System.Text;
using LmGateway.Configuration;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Security;

/// <summary>
/// Every key that opens this service: the one of the settings, which opens everything, the named ones of the settings, and those of the state
/// folder. Reading takes no lock; the keys of either place are replaced as a whole.
/// </summary>
internal sealed class KeyRing(LiveSettings settings)
{
    private const int LongestSecret = 512;

    private static readonly KeyGrant Everything = new(SecurityRules.DefaultKeyName);

    private readonly MadeFromSettings<Configured> configured = new(settings, options => Configured.Of(options.Security));
    private volatile Entry[] stored = [];
    private volatile bool locked;

    /// <summary>False where there is no key at all: then whatever callers present is ignored.</summary>
    public bool Required => configured.Current.Any || locked;

    /// <summary>The named keys of the settings; their hashes are among it, and no secrets.</summary>
    public IReadOnlyList<StoredKey> OfSettings => configured.Current.Keys;

    /// <summary>What the key in any of the three headers grants; null where it is none of ours.</summary>
    public KeyGrant? GrantOf(IHeaderDictionary headers)
    {
        var own = configured.Current;
        if (own.Main.CallerOf(headers) is not null) return Everything;
        if (stored.Length == 0 && own.Named.Length == 0) return null;
        foreach (var value in headers["X-API-Key"])
            if (NamedGrantOf(value) is { } grant) return grant;
        foreach (var value in headers.Authorization)
            if (NamedGrantOf(ApiKeys.BearerOf(value)) is { } grant) return grant;
        foreach (var value in headers["api-key"])
            if (NamedGrantOf(value) is { } grant) return grant;
        return null;
    }

    /// <summary>What a secret grants, however it came; null where it is none of ours.</summary>
    public KeyGrant? GrantOf(ReadOnlySpan<char> secret) => configured.Current.Main.NameOf(secret) is not null ? Everything : NamedGrantOf(secret);

    /// <summary>The key with the name, if it still is one.</summary>
    public KeyGrant? Named(string? name) =>
        name is null ? null
        : name == Everything.Name && configured.Current.Main.Required ? Everything
        : Array.Find(configured.Current.Named, entry => entry.Grant.Name == name)?.Grant ?? Array.Find(stored, entry => entry.Grant.Name == name)?.Grant;

    /// <summary>Takes the place of all stored keys. Null (they cannot be read) opens nothing, and does not open the service to everyone either.</summary>
    public void Replace(IReadOnlyList<StoredKey>? keys)
    {
        stored = [.. (keys ?? []).Where(key => key.Sha256.Length == 2 * SHA256.HashSizeInBytes && key.Sha256.All(char.IsAsciiHexDigit)).Select(Entry.Of)];
        locked = keys is null || keys.Count > 0;
    }

    private KeyGrant? NamedGrantOf(ReadOnlySpan<char> secret)
    {
        var (own, others) = (configured.Current.Named, stored);
        if ((own.Length == 0 && others.Length == 0) || secret.IsEmpty || secret.Length > LongestSecret) return null;
        Span<byte> text = stackalloc byte[Encoding.UTF8.GetMaxByteCount(secret.Length)];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(secret, text)], hash);
        return Find(own, hash) ?? Find(others, hash);
    }

    private static KeyGrant? Find(Entry[] entries, ReadOnlySpan<byte> hash)
    {
        foreach (var entry in entries)
            if (CryptographicOperations.FixedTimeEquals(hash, entry.Hash)) return entry.Grant;
        return null;
    }

    private sealed record Entry(byte[] Hash, KeyGrant Grant)
    {
        public static Entry Of(StoredKey key) => new(Convert.FromHexString(key.Sha256), key.Grant);
    }

    /// <summary>The keys of the settings: the one that opens everything, and those with names.</summary>
    private sealed record Configured(ApiKeys Main, IReadOnlyList<StoredKey> Keys, Entry[] Named)
    {
        public bool Any => Main.Required || Named.Length > 0;

        public static Configured Of(SecurityOptions options)
        {
            StoredKey[] keys = [.. options.KeyEntries.Select(StoredKey.Of)];
            return new Configured(new ApiKeys([new(SecurityRules.DefaultKeyName, options.ApiKey)]), keys, [.. keys.Select(Entry.Of)]);
        }
    }
}
