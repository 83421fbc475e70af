using System.Runtime.CompilerServices;
using LeanNats.JetStream;
using LeanNats.JetStream.Models;

namespace LeanNats.KeyValue;

/// <summary>
/// Key-value buckets (ADR-8), which are streams that keep the last values of each subject. Every request throws what those of
/// <see cref="NatsJSContext"/> throw; a bucket that does not exist is <see cref="JSErrCode.StreamNotFound"/>.
/// </summary>
public sealed class NatsKVContext(NatsJSContext js)
{
    /// <summary>Makes a bucket with one value for each key.</summary>
    public ValueTask<NatsKVStore> CreateStoreAsync(string bucket, CancellationToken cancellationToken = default) =>
        CreateStoreAsync(new NatsKVConfig { Bucket = bucket }, cancellationToken);

    /// <summary>
    /// Makes a bucket; one that exists with the same settings is taken as it is, one with others is
    /// <see cref="JSErrCode.StreamNameInUse"/>. Throws <see cref="NatsKVException"/> when the server is too old for a setting.
    /// </summary>
    public async ValueTask<NatsKVStore> CreateStoreAsync(NatsKVConfig config, CancellationToken cancellationToken = default)
    {
        await CheckServerAsync(config, cancellationToken).ConfigureAwait(false);
        return new NatsKVStore(js, config.Bucket, await js.CreateStreamAsync(config.ToStream(), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Changes the settings of a bucket, or makes it.</summary>
    public async ValueTask<NatsKVStore> CreateOrUpdateStoreAsync(NatsKVConfig config, CancellationToken cancellationToken = default)
    {
        await CheckServerAsync(config, cancellationToken).ConfigureAwait(false);
        return new NatsKVStore(js, config.Bucket, await js.CreateOrUpdateStreamAsync(config.ToStream(), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>A bucket that exists.</summary>
    public async ValueTask<NatsKVStore> GetStoreAsync(string bucket, CancellationToken cancellationToken = default) =>
        new(js, bucket, await js.GetStreamAsync(KeyNames.StreamOf(bucket), cancellationToken: cancellationToken).ConfigureAwait(false));

    /// <summary>Deletes a bucket with all it holds.</summary>
    public ValueTask DeleteStoreAsync(string bucket, CancellationToken cancellationToken = default) =>
        js.DeleteStreamAsync(KeyNames.StreamOf(bucket), cancellationToken);

    /// <summary>The names of all buckets.</summary>
    public async IAsyncEnumerable<string> GetBucketNamesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var stream in js.ListStreamNamesAsync("$KV.*.>", cancellationToken).ConfigureAwait(false))
            if (KeyNames.BucketOf(stream) is { } bucket)
                yield return bucket;
    }

    /// <summary>Servers before 2.11 would leave out in silence what they do not know.</summary>
    private async ValueTask CheckServerAsync(NatsKVConfig config, CancellationToken cancellationToken)
    {
        if (config.LimitMarkerTTL is null) return;
        var account = await js.GetAccountInfoAsync(cancellationToken).ConfigureAwait(false);
        if (account.Api.Level < 1) throw new NatsKVException("Markers of expired keys need a NATS server from 2.11 on.");
    }
}
