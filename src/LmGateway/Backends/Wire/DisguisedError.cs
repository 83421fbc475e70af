using System.Runtime.CompilerServices;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>
/// Recognises an error that came with the status of a success, as LM Studio answers to what it does not know, without holding a reply
/// that is none: only the first block of a JSON reply is looked at.
/// </summary>
internal static class DisguisedError
{
    private const long MostHeld = 64 * 1024;

    /// <summary>The reply as it was, or its error thrown.</summary>
    public static async Task<ExchangeReply> UnmaskAsync(ExchangeReply reply, string backend, CancellationToken cancellationToken)
    {
        if (reply.Status != 200 || reply.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) != true) return reply;
        var begun = await BegunReply.BeginAsync(reply, cancellationToken);
        if (!IsError(begun.First.Span)) return begun;
        await using (begun)
        {
            using var body = await HeldReply.ReadAsync(begun, MostHeld, cancellationToken);
            throw new GatewayException(UpstreamErrors.Read(200, body.Memory.Span, backend));
        }
    }

    private static bool IsError(ReadOnlySpan<byte> start)
    {
        start = start.TrimStart(" \t\r\n"u8);
        if (start.IsEmpty || start[0] != '{') return false;
        return start[1..].TrimStart(" \t\r\n"u8).StartsWith("\"error\""u8);
    }
}

/// <summary>A reply whose first block has been read already; it comes again as the first one.</summary>
internal sealed class BegunReply : ExchangeReply
{
    private readonly ExchangeReply reply;
    private readonly IAsyncEnumerator<ReadOnlyMemory<byte>> blocks;

    private BegunReply(ExchangeReply reply, IAsyncEnumerator<ReadOnlyMemory<byte>> blocks) => (this.reply, this.blocks) = (reply, blocks);

    public ReadOnlyMemory<byte> First { get; private set; }

    public override int Status => reply.Status;

    public override string? ContentType => reply.ContentType;

    public override IReadOnlyList<Header> Headers => reply.Headers;

    public static async Task<BegunReply> BeginAsync(ExchangeReply reply, CancellationToken cancellationToken)
    {
        var begun = new BegunReply(reply, reply.Blocks(cancellationToken).GetAsyncEnumerator(cancellationToken));
        try
        {
            if (await begun.blocks.MoveNextAsync()) begun.First = begun.blocks.Current;
            return begun;
        }
        catch
        {
            await begun.DisposeAsync();
            throw;
        }
    }

    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> Blocks([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (First.IsEmpty) yield break;
        do yield return blocks.Current;
        while (await blocks.MoveNextAsync());
    }

    public override async ValueTask DisposeAsync()
    {
        await blocks.DisposeAsync();
        await reply.DisposeAsync();
    }
}
