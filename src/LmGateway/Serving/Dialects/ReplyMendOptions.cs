using System.Buffers;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>What fills the gaps of a whole reply.</summary>
internal sealed record ReplyMendOptions
{
    public Dialect Dialect { get; init; }

    public required string RequestId { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>For replies whose backend names none: <c>chatcmpl-…</c>, <c>cmpl-…</c>; made when it is asked for.</summary>
    public string Id => (Dialect == Dialect.OpenAiCompletions ? "cmpl-" : "chatcmpl-") + RequestId;

    /// <summary>Seconds since 1970, for replies whose backend gives none: now.</summary>
    public long Created => Time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>For replies whose backend names none.</summary>
    public required string Model { get; init; }

    /// <summary>The caller wants embeddings in base64.</summary>
    public bool Base64Embeddings { get; init; }

    /// <summary>Another model must not answer; null where any may.</summary>
    public AnsweringModel? Expected { get; init; }

    /// <summary>The backend, for messages.</summary>
    public string? Backend { get; init; }

    public ArrayPool<byte> Pool { get; init; } = ArrayPool<byte>.Shared;
}

/// <summary>A whole reply for its caller. It shares the memory of the backend's reply; dispose of it when it has been sent.</summary>
/// <param name="Body">What the caller gets.</param>
/// <param name="Own">Memory that is not the reply's.</param>
internal readonly record struct MendedReply(ReadOnlySequence<byte> Body, PooledBuffer? Own = null) : IDisposable
{
    public void Dispose() => Own?.Dispose();
}
