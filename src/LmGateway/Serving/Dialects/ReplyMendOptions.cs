using LmGateway.Backends.Wire;
using System.Buffers;

namespace LmGateway.Serving.Dialects;

/// <summary>What fills the gaps of a whole reply.</summary>
internal sealed record ReplyMendOptions
{
    /// <summary>For replies whose backend names none: <c>chatcmpl-…</c>, <c>cmpl-…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Seconds since 1970, for replies whose backend gives none.</summary>
    public required long Created { get; init; }

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
internal sealed class MendedReply(ReadOnlySequence<byte> body, PooledBuffer? own = null) : IDisposable
{
    public ReadOnlySequence<byte> Body { get; } = body;

    public void Dispose() => own?.Dispose();
}
