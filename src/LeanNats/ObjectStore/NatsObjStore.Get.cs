using System.Buffers;
using System.Security.Cryptography;
using LeanNats.ObjectStore.Models;

namespace LeanNats.ObjectStore;

public sealed partial class NatsObjStore
{
    /// <summary>Gets an object by its name, or the one that a link of that name stands for. Otherwise as the other one.</summary>
    public async ValueTask<ObjectMetadata> GetAsync(string name, Stream destination, CancellationToken cancellationToken = default)
    {
        var (store, info) = await ResolveAsync(name, cancellationToken).ConfigureAwait(false);
        return await store.GetAsync(info, destination, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Writes the content of an object of this bucket to a stream, which stays open, and checks its size and digest. With
    /// <paramref name="resume"/> the destination already holds the beginning, got by an earlier call for the same
    /// <see cref="ObjectMetadata.Nuid"/>: it is read once for the digest, and only the rest is fetched; it must allow reading and seeking.
    /// Lost connections and restarts of the server are outlived for <see cref="NatsObjOpts.Patience"/>. Throws
    /// <see cref="NatsObjCorruptException"/> when what came is not what was put (with <paramref name="resume"/>, the beginning may be to
    /// blame), and what a request throws when the server stays away. The caller sees to it that nobody takes an unfinished copy for a whole
    /// one.
    /// </summary>
    public async ValueTask<ObjectMetadata> GetAsync(
        ObjectMetadata info, Stream destination, bool resume = false, CancellationToken cancellationToken = default)
    {
        if (info.IsLink) throw new NatsObjException($"'{info.Name}' is a link; get it by its name.");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var have = resume ? await HashBeginningAsync(destination, hash, cancellationToken).ConfigureAwait(false) : 0;
        if (have > info.Size) throw new NatsObjCorruptException($"The beginning of '{info.Name}' is longer than the whole.");
        if (have < info.Size)
        {
            var chunks = await ChunkReader.OpenAsync(js, info with { Bucket = Bucket }, opts, have, cancellationToken).ConfigureAwait(false);
            await using (chunks.ConfigureAwait(false)) await CopyAsync(chunks, destination, hash, cancellationToken).ConfigureAwait(false);
        }

        await destination.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (info.Digest is { Length: > 0 } digest && !ObjectNames.IsDigest(digest, hash.GetHashAndReset()))
            throw new NatsObjCorruptException($"The digest of '{info.Name}' is not the one it was put with.");
        return info;
    }

    /// <summary>
    /// The object that a name stands for, and the bucket that has it: links are followed, one step. Throws
    /// <see cref="NatsObjNotFoundException"/>, and <see cref="NatsObjException"/> for a link to a bucket or to another link.
    /// </summary>
    public async ValueTask<(NatsObjStore Store, ObjectMetadata Info)> ResolveAsync(string name, CancellationToken cancellationToken = default)
    {
        var info = await GetInfoAsync(name, cancellationToken: cancellationToken).ConfigureAwait(false);
        if (info.Options?.Link is not { } link) return (this, info);
        if (string.IsNullOrEmpty(link.Name)) throw new NatsObjException($"'{name}' stands for the bucket '{link.Bucket}', not for an object.");
        var store = link.Bucket == Bucket ? this
            : await PatientlyAsync(token => new NatsObjContext(js, opts).GetObjectStoreAsync(link.Bucket, token), cancellationToken).ConfigureAwait(false);
        var target = await store.GetInfoAsync(link.Name, cancellationToken: cancellationToken).ConfigureAwait(false);
        return target.IsLink ? throw new NatsObjException($"'{name}' stands for '{link.Name}', which is itself a link.") : (store, target);
    }

    /// <summary>Each chunk is fetched and hashed while the one before it is being written.</summary>
    private static async ValueTask CopyAsync(ChunkReader chunks, Stream destination, IncrementalHash hash, CancellationToken cancellationToken)
    {
        var writing = Task.CompletedTask;
        try
        {
            while (await chunks.NextAsync().ConfigureAwait(false) is { } chunk)
            {
                hash.AppendData(chunk.Span);
                await writing.ConfigureAwait(false);
                writing = destination.WriteAsync(chunk, cancellationToken).AsTask();
            }
        }
        finally
        {
            await writing.ConfigureAwait(false); // also after a failure: the bytes are lent
        }
    }

    private static async ValueTask<long> HashBeginningAsync(Stream destination, IncrementalHash hash, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(DefaultChunkSize);
        try
        {
            destination.Position = 0;
            var have = 0L;
            while (await destination.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
            {
                hash.AppendData(buffer, 0, count);
                have += count;
            }

            return have;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
