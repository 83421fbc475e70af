using System.Buffers;

namespace LmGateway.Vocabulary;

/// <summary>A header as it stands on the wire.</summary>
internal readonly record struct Header(string Name, string Value);

/// <summary>One request in a dialect: bytes and their envelope, in no web framework's types.</summary>
internal sealed record Exchange
{
    public required Dialect Dialect { get; init; }
    public required string Method { get; init; }

    /// <summary>Below the backend's address, with query: <c>/v1/chat/completions</c>.</summary>
    public required string PathAndQuery { get; init; }

    /// <summary>What may be sent on: no credentials, no hop-by-hop headers.</summary>
    public IReadOnlyList<Header> Headers { get; init; } = [];

    public string? ContentType { get; init; }

    /// <summary>A body held in memory; empty where there is none or where it streams.</summary>
    public ReadOnlySequence<byte> Body { get; init; }

    /// <summary>A body too large or too foreign to hold; it can be sent only once.</summary>
    public Stream? BodyStream { get; init; }

    /// <summary>The caller asked for a stream of events.</summary>
    public bool Streamed { get; init; }

    /// <summary>Hand the reply over as it comes, a refusal too; otherwise a refusal is thrown as an error of the gateway.</summary>
    public bool Verbatim { get; init; }

    /// <summary>Time for the whole reply; null or infinite for no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The longest silence inside a reply; null or infinite for any.</summary>
    public TimeSpan? IdleTimeout { get; init; }
}

/// <summary>
/// A reply whose head has arrived. Its blocks are valid until the next one is asked for, and can be read once.
/// Disposing it before the end aborts it in the backend.
/// </summary>
internal abstract class ExchangeReply : IAsyncDisposable
{
    public abstract int Status { get; }

    public abstract string? ContentType { get; }

    /// <summary>Headers that callers may see.</summary>
    public abstract IReadOnlyList<Header> Headers { get; }

    /// <summary>The body as it arrives. A fault in the middle is a <c>GatewayException</c>.</summary>
    public abstract IAsyncEnumerable<ReadOnlyMemory<byte>> Blocks(CancellationToken cancellationToken);

    /// <summary>The whole body, where all of it has arrived already: it is valid until the reply is disposed of. False otherwise; then <see cref="Blocks"/> has it.</summary>
    public virtual bool TryTakeWhole(out ReadOnlyMemory<byte> body)
    {
        body = default;
        return false;
    }

    public abstract ValueTask DisposeAsync();
}
