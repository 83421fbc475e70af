using System.Buffers;
using System.Security.Cryptography;
using LeanNats.JetStream;
using LeanNats.ObjectStore.Models;
using LeanNats.Transport;

namespace LeanNats.ObjectStore;

public sealed partial class NatsObjStore
{
    private const int DefaultChunkSize = 128 * 1024;
    private static readonly TimeSpan CleanUpTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Puts an object under a name, in place of an earlier one.</summary>
    public ValueTask<ObjectMetadata> PutAsync(string name, Stream source, CancellationToken cancellationToken = default) =>
        PutAsync(new ObjectMetadata { Name = name }, source, cancellationToken);

    /// <summary>
    /// Puts an object, in place of an earlier one of its name: readers see the earlier one until the new one is whole. The source is read
    /// from where it stands to its end and stays open. Lost connections and restarts of the server are outlived for
    /// <see cref="NatsObjOpts.Patience"/>. Throws <see cref="NatsJSApiException"/> when the server refuses, for instance because the bucket is
    /// full or sealed, <see cref="NatsPayloadTooLargeException"/> when chunks are too large, and what a request throws when the server stays
    /// away; nothing of the new object stays behind, unless the server cannot be told.
    /// </summary>
    public async ValueTask<ObjectMetadata> PutAsync(ObjectMetadata meta, Stream source, CancellationToken cancellationToken = default)
    {
        var chunkSize = meta.Options?.MaxChunkSize ?? DefaultChunkSize;
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkSize, 1, nameof(meta));
        if (meta.IsLink) throw new ArgumentException("A link has no content; use AddLinkAsync.", nameof(meta));
        var earlier = await FindAsync(meta.Name, cancellationToken).ConfigureAwait(false);
        var nuid = Nuid.Next();
        try
        {
            meta = meta with { Nuid = nuid, Deleted = false, Options = new MetaDataOptions { MaxChunkSize = chunkSize } };
            meta = await PutChunksAsync(meta, source, chunkSize, cancellationToken).ConfigureAwait(false);
            meta = await PublishMetaAsync(meta, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await DiscardAsync(nuid).ConfigureAwait(false);
            throw;
        }

        await PurgeChunksAsync(earlier?.Nuid, cancellationToken).ConfigureAwait(false);
        return meta;
    }

    private async ValueTask<ObjectMetadata> PutChunksAsync(ObjectMetadata meta, Stream source, int chunkSize, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var subject = ObjectNames.Chunks(Bucket, meta.Nuid!);
        var (size, chunks) = (0L, 0L);
        var publisher = new NatsJSPublisher(js, new NatsJSPublisherOpts { MaxInFlight = opts.MaxInFlight, Patience = opts.Patience });
        await using (publisher.ConfigureAwait(false))
        {
            try
            {
                while (await ReadChunkAsync(source, subject, chunkSize, cancellationToken).ConfigureAwait(false) is { } chunk)
                {
                    hash.AppendData(chunk.Data.Span);
                    (size, chunks) = (size + chunk.Data.Length, chunks + 1);
                    await publisher.PublishRentedAsync(chunk, null, cancellationToken).ConfigureAwait(false);
                    if (chunk.Data.Length < chunkSize) break;
                }

                await publisher.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await LandAsync(publisher).ConfigureAwait(false);
                throw;
            }
        }

        return meta with { Size = size, Chunks = chunks, Digest = ObjectNames.Digest(hash.GetHashAndReset()) };
    }

    /// <summary>The next whole chunk, or the rest; null at the end.</summary>
    private static async ValueTask<NatsJSPublisher.InFlight?> ReadChunkAsync(
        Stream source, string subject, int chunkSize, CancellationToken cancellationToken)
    {
        var rented = ArrayPool<byte>.Shared.Rent(chunkSize);
        try
        {
            var length = await source.ReadAtLeastAsync(rented.AsMemory(0, chunkSize), chunkSize, false, cancellationToken).ConfigureAwait(false);
            if (length > 0) return new NatsJSPublisher.InFlight(subject, rented, length);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(rented);
            throw;
        }

        ArrayPool<byte>.Shared.Return(rented);
        return null;
    }

    /// <summary>Deletes the chunks of an object that did not come to be, if the server can be told soon.</summary>
    /// <summary>What is under way when a put fails must be stored before it is thrown away: a purge may overtake it.</summary>
    private async ValueTask LandAsync(NatsJSPublisher publisher)
    {
        using var limit = new CancellationTokenSource(CleanUpTimeout, js.Time);
        await Settled.Of(publisher.SettleAsync(limit.Token)).ConfigureAwait(false);
    }

    private async ValueTask DiscardAsync(string nuid)
    {
        using var limit = new CancellationTokenSource(CleanUpTimeout, js.Time);
        try
        {
            await PurgeChunksAsync(nuid, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NatsException or OperationCanceledException or ObjectDisposedException)
        {
            // The reason why the put failed is what its caller has to learn.
        }
    }
}
