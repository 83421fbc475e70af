using System.Buffers;
using System.Runtime.CompilerServices;
using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>How a stream of named events is watched.</summary>
internal sealed record EventStreamOptions
{
    public required Dialect Dialect { get; init; }

    /// <summary>The backend, for messages.</summary>
    public string? Backend { get; init; }

    /// <summary>Bytes of the longest event that is held; a response's last event repeats the whole response.</summary>
    public int LongestEvent { get; init; } = 64 * 1024 * 1024;

    public ArrayPool<byte> Pool { get; init; } = ArrayPool<byte>.Shared;
}

/// <summary>
/// Passes streams of the Responses and Messages APIs on, whole events only, and tells a failure or an end that came too early by a
/// <see cref="GatewayException"/> after the good events. Streams of other dialects pass untouched.
/// </summary>
internal static class EventStreamGuard
{
    /// <summary>Blocks are valid until the next one is asked for, on both sides.</summary>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> ApplyAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> blocks,
        EventStreamOptions options,
        ReplyTally tally,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (options.Dialect is not (Dialect.OpenAiResponses or Dialect.AnthropicMessages))
        {
            await foreach (var block in blocks.WithCancellation(cancellationToken)) yield return block;
            yield break;
        }

        using var stream = new NamedEventStream(options, tally);
        await foreach (var block in stream.RunAsync(blocks, cancellationToken)) yield return block;
    }
}
