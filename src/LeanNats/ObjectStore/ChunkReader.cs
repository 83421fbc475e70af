using LeanNats.JetStream;
using LeanNats.JetStream.Models;
using LeanNats.ObjectStore.Models;

namespace LeanNats.ObjectStore;

/// <summary>Reads the content of one object from a byte on.</summary>
internal sealed class ChunkReader : IAsyncDisposable
{
    private const int UsualChunk = 128 * 1024;
    private const int LargestPull = 1000;

    private readonly ObjectMetadata info;
    private readonly OrderedReader reader;
    private NatsJSMsg? lent;
    private NatsJSMsg? lentBefore;
    private long rest;
    private int skip;

    private ChunkReader(ObjectMetadata info, OrderedReader reader, in Start start) =>
        (this.info, this.reader, rest, skip) = (info, reader, info.Size - start.Offset, start.Skip);

    public static async ValueTask<ChunkReader> OpenAsync(
        NatsJSContext js, ObjectMetadata info, NatsObjOpts opts, long offset, CancellationToken cancellationToken)
    {
        var start = new Start { Offset = offset };
        if (offset > 0) start = await FindAsync(js, info, opts, offset, cancellationToken).ConfigureAwait(false);
        var ahead = opts.ReadAhead / Math.Max(1, info.Options?.MaxChunkSize ?? UsualChunk);
        var consume = new NatsJSConsumeOpts { MaxMsgs = Math.Clamp(ahead, 2, LargestPull), PooledPayloads = true };
        return new ChunkReader(info, await ReadAsync(js, info, opts, start.Sequence, consume, cancellationToken).ConfigureAwait(false), start);
    }

    /// <summary>
    /// The next bytes, which are there until the call after the next; null at the end. Throws <see cref="NatsObjCorruptException"/> when there are more
    /// or fewer than there should be. Chunks without bytes, which some clients write, are passed over.
    /// </summary>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync()
    {
        lentBefore?.Recycle();
        (lentBefore, lent) = (lent, null);
        while (rest > 0)
        {
            var message = await reader.NextAsync().ConfigureAwait(false)
                ?? throw new NatsObjCorruptException($"The last {rest} bytes of '{info.Name}' are missing; perhaps it was replaced meanwhile.");
            lent = message;
            var data = message.Data[skip..];
            skip = 0;
            if (data.Length > rest) throw new NatsObjCorruptException($"There is more of '{info.Name}' than its {info.Size} bytes.");
            rest -= data.Length;
            if (!data.IsEmpty) return data;
            message.Recycle();
            lent = null;
        }

        return null;
    }

    public ValueTask DisposeAsync()
    {
        lentBefore?.Recycle();
        lent?.Recycle();
        return reader.DisposeAsync();
    }

    private static ValueTask<OrderedReader> ReadAsync(
        NatsJSContext js, ObjectMetadata info, NatsObjOpts opts, ulong? from, NatsJSConsumeOpts? consume, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(info.Nuid)) throw new NatsObjException($"'{info.Name}' has no id for its content.");
        var ordered = new NatsJSOrderedConsumerOpts
        {
            FilterSubject = ObjectNames.Chunks(info.Bucket!, info.Nuid),
            DeliverPolicy = from is null ? ConsumerConfigDeliverPolicy.All : ConsumerConfigDeliverPolicy.ByStartSequence,
            OptStartSeq = from,
            HeadersOnly = consume is null,
            ConsumeOpts = consume ?? new NatsJSConsumeOpts(),
        };
        return OrderedReader.OpenAsync(js, ObjectNames.Stream(info.Bucket!), ordered, opts.Patience, cancellationToken);
    }

    /// <summary>Which chunk holds a byte: chunks are counted by their headers, which costs a thousandth of fetching them.</summary>
    private static async ValueTask<Start> FindAsync(
        NatsJSContext js, ObjectMetadata info, NatsObjOpts opts, long offset, CancellationToken cancellationToken)
    {
        var sizes = await ReadAsync(js, info, opts, null, null, cancellationToken).ConfigureAwait(false);
        await using (sizes.ConfigureAwait(false))
        {
            for (var end = 0L; await sizes.NextAsync().ConfigureAwait(false) is { } message;)
            {
                if (message.Headers is not { } headers || !headers.TryGetLastValue("Nats-Msg-Size", out var text) || !int.TryParse(text, out var size))
                    throw new NatsObjException("The server does not tell the sizes of chunks.");
                end += size;
                if (end > offset)
                    return new Start { Offset = offset, Sequence = message.Metadata.StreamSequence, Skip = size - (int)(end - offset) };
            }
        }

        throw new NatsObjCorruptException($"There is less of '{info.Name}' than {offset} bytes; perhaps it was replaced meanwhile.");
    }

    private readonly record struct Start
    {
        public long Offset { get; init; }

        public ulong? Sequence { get; init; }

        public int Skip { get; init; }
    }
}
