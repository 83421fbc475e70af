using System.Runtime.CompilerServices;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Translation;

/// <summary>A generation as the reply of a dialect. It has begun when its first event is there, so that a refusal is still one.</summary>
internal sealed class TranslatedReply : ExchangeReply
{
    private readonly IAsyncEnumerator<ChatEvent> events;
    private readonly PartedAnswer answer;

    private TranslatedReply(IAsyncEnumerator<ChatEvent> events, PartedAnswer answer) => (this.events, this.answer) = (events, answer);

    public override int Status => 200;

    public override string ContentType => answer.Head.Streamed ? "text/event-stream" : "application/json";

    public override IReadOnlyList<Header> Headers => [];

    public static async Task<ExchangeReply> BeginAsync(IAsyncEnumerable<ChatEvent> events, PartedAnswer answer, CancellationToken cancellationToken)
    {
        var enumerator = events.GetAsyncEnumerator(cancellationToken);
        try
        {
            if (await enumerator.MoveNextAsync()) answer.Take(enumerator.Current);
            return new TranslatedReply(enumerator, answer);
        }
        catch
        {
            await enumerator.DisposeAsync();
            throw;
        }
    }

    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> Blocks([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var block = answer.Flush();
            if (!block.IsEmpty) yield return block;
            cancellationToken.ThrowIfCancellationRequested();
            if (!await events.MoveNextAsync()) yield break;
            answer.Take(events.Current);
        }
    }

    public override ValueTask DisposeAsync() => events.DisposeAsync();
}
