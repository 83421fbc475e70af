using LeanNats.JetStream;
using LeanNats.JetStream.Models;

namespace LeanNats.KeyValue;

/// <summary>A bucket: values by key, each change with a revision that counts up over the whole bucket.</summary>
public sealed partial class NatsKVStore
{
    private static readonly TimeSpan ShortestTtl = TimeSpan.FromSeconds(1);

    private readonly NatsJSContext js;
    private readonly NatsJSStream stream;

    internal NatsKVStore(NatsJSContext js, string bucket, NatsJSStream stream) => (this.js, Bucket, this.stream) = (js, bucket, stream);

    /// <summary>The name.</summary>
    public string Bucket { get; }

    /// <summary>The last value of a key, or that at a revision. Throws <see cref="NatsKVKeyNotFoundException"/> when there is none.</summary>
    public async ValueTask<NatsKVEntry> GetEntryAsync(string key, ulong? revision = null, CancellationToken cancellationToken = default) =>
        await TryGetEntryAsync(key, revision, cancellationToken).ConfigureAwait(false) ?? throw new NatsKVKeyNotFoundException(key);

    /// <summary>The last value of a key, or that at a revision; null when there is none.</summary>
    public async ValueTask<NatsKVEntry?> TryGetEntryAsync(string key, ulong? revision = null, CancellationToken cancellationToken = default)
    {
        KeyNames.Check(key);
        var subject = SubjectOf(key);
        var request = revision is null ? new StreamMsgGetRequest { LastBySubj = subject } : new StreamMsgGetRequest { Seq = revision };
        try
        {
            var stored = await stream.GetDirectAsync(request, cancellationToken).ConfigureAwait(false);
            var entry = stored.Subject == subject ? EntryOf(stored) : null;
            return entry is { Operation: NatsKVOperation.Put } ? entry : null;
        }
        catch (NatsJSApiException e) when (e.Error.ErrCode == JSErrCode.NoMessageFound)
        {
            return null;
        }
    }

    /// <summary>Sets a value, whatever was there, and returns its revision.</summary>
    public ValueTask<ulong> PutAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        WriteAsync(key, value, null, null, cancellationToken);

    /// <summary>
    /// Sets the value of a key that has none; throws <see cref="NatsKVCreateException"/> when it has one. After <paramref name="ttl"/> it
    /// goes; that needs a bucket with <see cref="NatsKVConfig.LimitMarkerTTL"/>.
    /// </summary>
    public async ValueTask<ulong> CreateAsync(string key, ReadOnlyMemory<byte> value, TimeSpan? ttl = null, CancellationToken cancellationToken = default)
    {
        var headers = TtlHeaders(ttl);
        try
        {
            return await WriteAsync(key, value, headers, 0, cancellationToken).ConfigureAwait(false);
        }
        catch (NatsKVWrongLastRevisionException)
        {
            // Only a deletion may be there.
        }

        var last = await LastAsync(key, cancellationToken).ConfigureAwait(false);
        if (last is { Operation: NatsKVOperation.Put }) throw new NatsKVCreateException(key);
        try
        {
            return await WriteAsync(key, value, headers, last?.Revision ?? 0, cancellationToken).ConfigureAwait(false);
        }
        catch (NatsKVWrongLastRevisionException)
        {
            throw new NatsKVCreateException(key);
        }
    }

    /// <summary>
    /// Sets a value if the key's last revision is <paramref name="revision"/>, 0 for a key that never was; throws
    /// <see cref="NatsKVWrongLastRevisionException"/> if it is not.
    /// </summary>
    public ValueTask<ulong> UpdateAsync(string key, ReadOnlyMemory<byte> value, ulong revision, CancellationToken cancellationToken = default) =>
        WriteAsync(key, value, null, revision, cancellationToken);

    /// <summary>
    /// Deletes a key; its history stays. With a revision only if that is its last one, as in <see cref="UpdateAsync"/>.
    /// </summary>
    public async ValueTask DeleteAsync(string key, ulong? revision = null, CancellationToken cancellationToken = default) =>
        await WriteAsync(key, default, new NatsHeaders { ["KV-Operation"] = "DEL" }, revision, cancellationToken).ConfigureAwait(false);

    /// <summary>Deletes a key with its history. With a revision only if that is its last one, as in <see cref="UpdateAsync"/>.</summary>
    public async ValueTask PurgeAsync(string key, ulong? revision = null, TimeSpan? ttl = null, CancellationToken cancellationToken = default)
    {
        var headers = TtlHeaders(ttl) ?? [];
        headers["KV-Operation"] = "PURGE";
        headers["Nats-Rollup"] = "sub";
        await WriteAsync(key, default, headers, revision, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The settings and what the bucket holds now.</summary>
    public async ValueTask<NatsKVStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        await stream.RefreshAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        var (config, state) = (stream.Info.Config, stream.Info.State);
        return new NatsKVStatus
        {
            Bucket = Bucket,
            Values = state.Messages,
            Bytes = state.Bytes,
            History = config.MaxMsgsPerSubject ?? 1,
            MaxAge = config.MaxAge ?? TimeSpan.Zero,
            LimitMarkerTTL = config.SubjectDeleteMarkerTtl,
            Info = stream.Info,
        };
    }

    private string SubjectOf(string key) => KeyNames.SubjectOf(Bucket, key);

    private NatsKVEntry EntryOf(StoredMessage stored) => new()
    {
        Bucket = Bucket,
        Key = KeyNames.KeyOf(Bucket, stored.Subject),
        Value = stored.Data,
        Revision = stored.Seq,
        Created = stored.Time,
        Operation = NatsKVEntry.OperationOf(stored.Headers),
    };

    /// <summary>The last entry, a deletion too, from the leader, which knows what was written just now.</summary>
    private async ValueTask<NatsKVEntry?> LastAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return EntryOf(await stream.GetAsync(new StreamMsgGetRequest { LastBySubj = SubjectOf(key) }, cancellationToken).ConfigureAwait(false));
        }
        catch (NatsJSApiException e) when (e.Error.ErrCode == JSErrCode.NoMessageFound)
        {
            return null;
        }
    }

    private async ValueTask<ulong> WriteAsync(
        string key, ReadOnlyMemory<byte> value, NatsHeaders? headers, ulong? revision, CancellationToken cancellationToken)
    {
        KeyNames.Check(key);
        var opts = revision is null ? null : new NatsJSPubOpts { ExpectedLastSubjectSequence = revision };
        try
        {
            return (await js.PublishAsync(SubjectOf(key), value, opts, headers, cancellationToken).ConfigureAwait(false)).Seq;
        }
        catch (NatsJSApiException e) when (revision is { } expected && e.Error.ErrCode == JSErrCode.WrongLastSequence)
        {
            throw new NatsKVWrongLastRevisionException(key, expected, e);
        }
    }

    /// <summary>An older server would keep the key for ever and say nothing.</summary>
    private NatsHeaders? TtlHeaders(TimeSpan? ttl)
    {
        if (ttl is not { } time) return null;
        ArgumentOutOfRangeException.ThrowIfLessThan(time, ShortestTtl, nameof(ttl));
        if (stream.Info.Config.AllowMsgTtl != true)
            throw new NatsKVException($"The bucket '{Bucket}' has no times of single keys: make it with {nameof(NatsKVConfig.LimitMarkerTTL)}.");
        return new NatsHeaders { ["Nats-TTL"] = $"{(long)time.TotalMilliseconds}ms" };
    }
}
