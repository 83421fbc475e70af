using System.Text.Json;
using LeanNats.JetStream;
using LeanNats.JetStream.Models;
using LeanNats.ObjectStore.Models;

namespace LeanNats.ObjectStore;

/// <summary>
/// A bucket of objects of any size, readable by and from every official client. Content is never held whole: a put and a get take the
/// memory of a few chunks.
/// </summary>
public sealed partial class NatsObjStore
{
    private readonly NatsJSContext js;
    private readonly NatsJSStream stream;
    private readonly NatsObjOpts opts;

    internal NatsObjStore(NatsJSContext js, string bucket, NatsJSStream stream, NatsObjOpts opts) =>
        (this.js, Bucket, this.stream, this.opts) = (js, bucket, stream, opts);

    /// <summary>The bucket's name.</summary>
    public string Bucket { get; }

    /// <summary>What the bucket holds.</summary>
    public async ValueTask<NatsObjStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        await stream.RefreshAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        return new NatsObjStatus(Bucket, stream.Info);
    }

    /// <summary>Closes the bucket: what it holds stays as it is for ever.</summary>
    public async ValueTask SealAsync(CancellationToken cancellationToken = default)
    {
        await stream.RefreshAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        await js.UpdateStreamAsync(stream.Info.Config with { Sealed = true }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// An object without its content; a link as the link itself. Throws <see cref="NatsObjNotFoundException"/> when there is none; one that
    /// was deleted counts only with <paramref name="showDeleted"/>.
    /// </summary>
    public async ValueTask<ObjectMetadata> GetInfoAsync(string name, bool showDeleted = false, CancellationToken cancellationToken = default)
    {
        var info = await FindAsync(name, cancellationToken).ConfigureAwait(false);
        return info is null || (info.Deleted && !showDeleted) ? throw new NatsObjNotFoundException(Bucket, name) : info;
    }

    /// <summary>
    /// Changes an object's name, description, metadata and headers to those of <paramref name="meta"/>. Throws
    /// <see cref="NatsObjNotFoundException"/>, and <see cref="NatsObjException"/> when the new name is taken.
    /// </summary>
    public async ValueTask<ObjectMetadata> UpdateMetaAsync(string name, ObjectMetadata meta, CancellationToken cancellationToken = default)
    {
        var info = await GetInfoAsync(name, cancellationToken: cancellationToken).ConfigureAwait(false);
        var isRenamed = meta.Name != name;
        if (isRenamed && await FindAsync(meta.Name, cancellationToken).ConfigureAwait(false) is { Deleted: false })
            throw new NatsObjException($"The bucket '{Bucket}' has an object '{meta.Name}' already.");
        var changed = info with { Name = meta.Name, Description = meta.Description, Metadata = meta.Metadata, Headers = meta.Headers };
        changed = await PublishMetaAsync(changed, cancellationToken).ConfigureAwait(false);
        if (isRenamed) await PurgeAsync(ObjectNames.Meta(Bucket, name), cancellationToken).ConfigureAwait(false);
        return changed;
    }

    /// <summary>Deletes an object. Throws <see cref="NatsObjNotFoundException"/> when there is none.</summary>
    public async ValueTask DeleteAsync(string name, CancellationToken cancellationToken = default)
    {
        var info = await GetInfoAsync(name, cancellationToken: cancellationToken).ConfigureAwait(false);
        await PublishMetaAsync(info with { Size = 0, Chunks = 0, Digest = "", Deleted = true }, cancellationToken).ConfigureAwait(false);
        await PurgeChunksAsync(info.Nuid, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes a name stand for an object, of this bucket or another. Throws <see cref="NatsObjException"/> when the object is itself a link
    /// or was deleted, or when the name belongs to an object.
    /// </summary>
    public ValueTask<ObjectMetadata> AddLinkAsync(string name, ObjectMetadata target, CancellationToken cancellationToken = default)
    {
        if (target.Deleted || target.IsLink) throw new NatsObjException($"'{target.Name}' is deleted or a link; neither can be linked to.");
        return AddLinkAsync(name, new NatsObjLink { Bucket = target.Bucket ?? Bucket, Name = target.Name }, cancellationToken);
    }

    /// <summary>Makes a name stand for a bucket. Throws <see cref="NatsObjException"/> when the name belongs to an object.</summary>
    public ValueTask<ObjectMetadata> AddBucketLinkAsync(string name, NatsObjStore target, CancellationToken cancellationToken = default) =>
        AddLinkAsync(name, new NatsObjLink { Bucket = target.Bucket }, cancellationToken);

    private async ValueTask<ObjectMetadata> AddLinkAsync(string name, NatsObjLink link, CancellationToken cancellationToken)
    {
        if (await FindAsync(name, cancellationToken).ConfigureAwait(false) is { Deleted: false, IsLink: false })
            throw new NatsObjException($"The bucket '{Bucket}' has an object '{name}' already.");
        var meta = new ObjectMetadata { Name = name, Bucket = Bucket, Nuid = Nuid.Next(), Options = new MetaDataOptions { Link = link } };
        return await PublishMetaAsync(meta, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>An object, deleted or not, as the stream's leader has it; null when there never was one.</summary>
    private ValueTask<ObjectMetadata?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var subject = ObjectNames.Meta(Bucket, name);
        return PatientlyAsync(FindOnceAsync, cancellationToken);

        async ValueTask<ObjectMetadata?> FindOnceAsync(CancellationToken token)
        {
            try
            {
                var message = await stream.GetAsync(new StreamMsgGetRequest { LastBySubj = subject }, token).ConfigureAwait(false);
                return Read(message.Data.Span, message.Time) ?? throw new NatsObjException($"What the bucket '{Bucket}' keeps about '{name}' is not JSON of an object.");
            }
            catch (NatsJSApiException e) when (e.Error.ErrCode == JSErrCode.NoMessageFound)
            {
                return null;
            }
        }
    }

    /// <summary>Replaces what is known of an object.</summary>
    private async ValueTask<ObjectMetadata> PublishMetaAsync(ObjectMetadata meta, CancellationToken cancellationToken)
    {
        meta = meta with { Bucket = Bucket, MTime = js.Time.GetUtcNow() };
        var subject = ObjectNames.Meta(Bucket, meta.Name);
        var body = JsonSerializer.SerializeToUtf8Bytes(meta, ObjectJsonContext.Default.ObjectMetadata);
        // The id makes it harmless to publish once more after a loss.
        var pubOpts = new NatsJSPubOpts { Rollup = true, MsgId = Nuid.Next() };
        await PatientlyAsync(token => js.PublishAsync(subject, body, pubOpts, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        return meta;
    }

    private ValueTask PurgeChunksAsync(string? nuid, CancellationToken cancellationToken) =>
        string.IsNullOrEmpty(nuid) ? default : PurgeAsync(ObjectNames.Chunks(Bucket, nuid), cancellationToken);

    private async ValueTask PurgeAsync(string subject, CancellationToken cancellationToken) =>
        await PatientlyAsync(token => js.PurgeStreamAsync(stream.Name, new StreamPurgeRequest { Filter = subject }, token), cancellationToken)
            .ConfigureAwait(false);

    private ValueTask<T> PatientlyAsync<T>(Func<CancellationToken, ValueTask<T>> action, CancellationToken cancellationToken) =>
        Passing.RetryAsync(action, opts.Patience, js.Time, cancellationToken);

    /// <summary>What a message says of an object; null when it says nothing of one. Its time counts, not the one that some clients write.</summary>
    private static ObjectMetadata? Read(ReadOnlySpan<byte> json, DateTimeOffset time)
    {
        try
        {
            var meta = JsonSerializer.Deserialize(json, ObjectJsonContext.Default.ObjectMetadata);
            return meta is { Name.Length: > 0, Size: >= 0 } && ObjectNames.IsNuid(meta.Nuid ?? "") ? meta with { MTime = time } : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
