using System.Text.RegularExpressions;

namespace LeanNats.KeyValue;

/// <summary>Which names buckets and keys may have, and what they are called in JetStream.</summary>
internal static partial class KeyNames
{
    private const string StreamPrefix = "KV_";

    /// <summary>Throws <see cref="ArgumentException"/> for what cannot be the name of a bucket.</summary>
    public static string StreamOf(string bucket) => BucketName().IsMatch(bucket)
        ? StreamPrefix + bucket
        : throw new ArgumentException($"'{bucket}' is not a bucket's name of letters, digits, '-' and '_'.", nameof(bucket));

    public static string? BucketOf(string stream) =>
        stream.StartsWith(StreamPrefix, StringComparison.Ordinal) ? stream[StreamPrefix.Length..] : null;

    public static string SubjectOf(string bucket, string key) => $"$KV.{bucket}.{key}";

    public static string KeyOf(string bucket, string subject) => subject[(SubjectOf(bucket, "").Length)..];

    /// <summary>Throws <see cref="ArgumentException"/> for what cannot be a key. Keys that begin with <c>_kv</c> belong to the protocol.</summary>
    public static void Check(string key)
    {
        if (!KeyName().IsMatch(key) || key.Contains("..", StringComparison.Ordinal))
            throw new ArgumentException($"'{key}' is not a key of letters, digits and -/_=. that neither begins nor ends with a dot.", nameof(key));
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-]+\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BucketName();

    [GeneratedRegex(@"^(?!_kv|\.)[-/_=.A-Za-z0-9]*[-/_=A-Za-z0-9]\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex KeyName();
}
