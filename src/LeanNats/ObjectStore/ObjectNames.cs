using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace LeanNats.ObjectStore;

/// <summary>How buckets, names and digests are written on the wire.</summary>
internal static class ObjectNames
{
    public const string StreamPrefix = "OBJ_";

    private const string DigestPrefix = "SHA-256=";

    private static readonly SearchValues<char> InBuckets = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    /// <summary>The bucket's stream. Throws <see cref="ArgumentException"/> for what cannot be a bucket.</summary>
    public static string Stream(string bucket)
    {
        if (bucket.Length is 0 or > 200 || bucket.AsSpan().ContainsAnyExcept(InBuckets))
            throw new ArgumentException($"'{bucket}' is not the name of a bucket: letters, digits, '_' and '-' are.", nameof(bucket));
        return StreamPrefix + bucket;
    }

    public static string Meta(string bucket, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return $"$O.{bucket}.M.{Encode(Encoding.UTF8.GetBytes(name))}";
    }

    public static string Chunks(string bucket, string nuid) => $"$O.{bucket}.C.{nuid}";

    /// <summary>Whether a text from the wire can be part of a chunk subject; anything else might name the chunks of other objects.</summary>
    public static bool IsNuid(string nuid) => !nuid.AsSpan().ContainsAnyExcept(InBuckets);

    public static string Digest(ReadOnlySpan<byte> hash) => DigestPrefix + Encode(hash);

    /// <summary>Whether the digest is that of the hash; clients write it with and without padding.</summary>
    public static bool IsDigest(string digest, ReadOnlySpan<byte> hash)
    {
        if (!digest.StartsWith(DigestPrefix, StringComparison.OrdinalIgnoreCase)) return false;
        var text = digest.AsSpan(DigestPrefix.Length).TrimEnd('=');
        return text.SequenceEqual(Base64Url.EncodeToString(hash));
    }

    /// <summary>URL-safe base64 with its padding.</summary>
    private static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = Base64Url.EncodeToString(bytes);
        return text.PadRight((text.Length + 3) / 4 * 4, '=');
    }
}
