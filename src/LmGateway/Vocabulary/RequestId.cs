namespace LmGateway.Vocabulary;

/// <summary>Makes ids for requests that bring none: 12 random hexadecimal digits of this process and a counter.</summary>
internal static class RequestId
{
    private static readonly string Prefix = "req_" + Guid.NewGuid().ToString("N")[..12];
    private static long counter;

    public static string Next() => string.Create(null, stackalloc char[40], $"{Prefix}{Interlocked.Increment(ref counter):x8}");

    /// <summary>An id that a caller sent is used if it is short and plain, so that it can stand in headers and logs.</summary>
    public static bool IsUsable(string? id) =>
        id is { Length: > 0 and <= 128 } && !id.AsSpan().ContainsAnyExcept(Allowed);

    private static readonly System.Buffers.SearchValues<char> Allowed =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/");
}
