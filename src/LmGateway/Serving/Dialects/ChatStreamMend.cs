using System.Runtime.CompilerServices;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// Makes a backend's stream of chat or completion chunks one that OpenAI's clients read. One block comes out for each block that
/// completed an event, made of whole events; events that need nothing keep their bytes. It ends with <c>[DONE]</c>, or, after the
/// good events, with a <see cref="GatewayException"/>: never with both, and never with neither.
/// </summary>
internal static class ChatStreamMend
{
    /// <summary>Blocks are valid until the next one is asked for, on both sides.</summary>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> ApplyAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> blocks,
        ChatStreamOptions options,
        ReplyTally tally,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stream = new ChunkStream(options, tally);
        await foreach (var block in stream.RunAsync(blocks, cancellationToken)) yield return block;
    }
}
