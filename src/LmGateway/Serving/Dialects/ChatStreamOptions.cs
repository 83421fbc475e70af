using System.Buffers;

namespace LmGateway.Serving.Dialects;

/// <summary>How a chat or completion stream is to look to its caller.</summary>
internal sealed record ChatStreamOptions
{
    /// <summary>For streams whose backend names none: <c>chatcmpl-…</c>, <c>cmpl-…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Seconds since 1970, for streams whose backend gives none.</summary>
    public required long Created { get; init; }

    /// <summary>For streams whose backend names none.</summary>
    public required string Model { get; init; }

    /// <summary>Chunks of <c>/v1/completions</c> rather than of a chat.</summary>
    public bool Completions { get; init; }

    /// <summary>The caller wants a last chunk with the usage and no choices.</summary>
    public bool UsageAsked { get; init; }

    /// <summary>The usage also stands in the chunk with the finish reason, which waits for it.</summary>
    public bool UsageInFinalChunk { get; init; }

    /// <summary>Another model must not answer; null where any may.</summary>
    public AnsweringModel? Expected { get; init; }

    /// <summary>The backend, for messages.</summary>
    public string? Backend { get; init; }

    /// <summary>Bytes of the longest event that is held.</summary>
    public int LongestEvent { get; init; } = 16 * 1024 * 1024;

    public ArrayPool<byte> Pool { get; init; } = ArrayPool<byte>.Shared;
}
