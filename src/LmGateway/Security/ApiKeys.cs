using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace LmGateway.Security;

/// <summary>
/// Maps a presented secret to the name of the caller who holds it. Secrets are compared as blocks of one size in a time that
/// depends on neither the secret nor its length; only a secret too long for a block is hashed, so that the usual request
/// costs no SHA-256.
/// </summary>
internal sealed class ApiKeys
{
    private const int BlockSize = 64;
    private const byte Hashed = 0xff;

    private readonly Key[] keys;

    /// <summary>Names and their secrets; an empty secret is no key. Space around a secret is dropped, as it is from headers.</summary>
    public ApiKeys(IEnumerable<KeyValuePair<string, string?>> secrets)
    {
        keys = [.. secrets.Where(secret => !string.IsNullOrEmpty(secret.Value)).Select(secret => new Key(secret.Key, BlockOf(secret.Value.AsSpan().Trim())))];
    }

    /// <summary>False where no key is set: then whatever callers present is ignored.</summary>
    public bool Required => keys.Length > 0;

    /// <summary>The name of the caller whose key stands in any of the three headers, or null.</summary>
    public string? CallerOf(IHeaderDictionary headers)
    {
        foreach (var value in headers["X-API-Key"])
            if (NameOf(value) is { } name) return name;
        foreach (var value in headers.Authorization)
            if (NameOf(BearerOf(value)) is { } name) return name;
        foreach (var value in headers["api-key"])
            if (NameOf(value) is { } name) return name;
        return null;
    }

    /// <summary>The name that goes with a secret, or null.</summary>
    public string? NameOf(ReadOnlySpan<char> secret)
    {
        if (secret.IsEmpty) return null;
        Span<byte> block = stackalloc byte[BlockSize];
        Fill(block, secret);
        string? found = null;
        foreach (var key in keys)
            if (CryptographicOperations.FixedTimeEquals(block, key.Block)) found = key.Name;
        return found;
    }

    internal static ReadOnlySpan<char> BearerOf(ReadOnlySpan<char> authorization) =>
        authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? authorization["Bearer ".Length..].Trim() : [];

    private static byte[] BlockOf(ReadOnlySpan<char> secret)
    {
        var block = new byte[BlockSize];
        Fill(block, secret);
        return block;
    }

    /// <summary>The first byte tells the secret's length or that its hash follows, so that no two secrets share a block.</summary>
    private static void Fill(Span<byte> block, ReadOnlySpan<char> secret)
    {
        block.Clear();
        if (Encoding.UTF8.TryGetBytes(secret, block[1..], out var length))
        {
            block[0] = (byte)length;
            return;
        }

        block.Clear();
        block[0] = Hashed;
        var bytes = new byte[Encoding.UTF8.GetByteCount(secret)];
        Encoding.UTF8.GetBytes(secret, bytes);
        SHA256.HashData(bytes, block[1..]);
    }

    private readonly record struct Key(string Name, byte[] Block);
}
