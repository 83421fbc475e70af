using System.Buffers;
using LmGateway.Backends;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>A request for inference in one dialect, its body held.</summary>
internal sealed record InferenceCall
{
    public required CallContext Context { get; init; }
    public required Dialect Dialect { get; init; }
    public required string PathAndQuery { get; init; }
    /// <summary>Empty until it has been read.</summary>
    public ReadOnlySequence<byte> Body { get; init; }
    public IReadOnlyList<Header> Headers { get; init; } = [];
    public string ContentType { get; init; } = "application/json";

    /// <summary>The kind of model that the route is for.</summary>
    public ModelType Wanted { get; init; } = ModelType.Llm;

    /// <summary>A request that names no model gets the active or the default one; otherwise naming none is an error.</summary>
    public bool FillsInModel { get; init; } = true;

    /// <summary>The provider contract applies: its checks, its defaults, and its forms of the reply.</summary>
    public bool IsUnderContract { get; init; }

    /// <summary>LM Studio's own dialects are answered in its own bytes.</summary>
    public bool IsNative => Dialect is Dialect.LmStudioV0 or Dialect.LmStudioV1;
}

/// <summary>A reply on its way to the caller. Disposing it ends whatever is still going on for it and counts it.</summary>
internal abstract class InferenceAnswer : IAsyncDisposable
{
    private const int LongestRefusal = 256 * 1024;

    public abstract int Status { get; }

    public abstract string ContentType { get; }

    /// <summary>The reply is a stream of events.</summary>
    public abstract bool Streamed { get; }

    /// <summary>Parameters of the request that have no effect on the backend, where the contract asks for them to be told.</summary>
    public virtual IReadOnlyList<string> IgnoredParameters => [];

    /// <summary>How the time until now splits, in the words of the <c>Server-Timing</c> header.</summary>
    public virtual string? ServerTiming => null;

    /// <summary>The length of a reply that is there as a whole.</summary>
    public virtual long? Length => null;

    /// <summary>Events handed on so far: the number of the next one where a dialect numbers its events.</summary>
    public virtual int Events => 0;

    /// <summary>Whole events of a stream, or the pieces of a body. Each is valid until the next is asked for.</summary>
    public abstract IAsyncEnumerable<ReadOnlyMemory<byte>> Blocks(CancellationToken cancellationToken);

    /// <summary>What an answer that is no stream means to a caller whose stream has begun already; it reads the answer.</summary>
    public async Task<GatewayError> ReadRefusalAsync(CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await foreach (var block in Blocks(cancellationToken))
            if (body.Length < LongestRefusal) body.Write(block.Span);
        return UpstreamErrors.Read(Status, body.GetBuffer().AsSpan(0, (int)body.Length));
    }

    public abstract ValueTask DisposeAsync();
}
