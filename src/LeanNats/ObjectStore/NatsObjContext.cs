using LeanNats.JetStream;

namespace LeanNats.ObjectStore;

/// <summary>The object stores of an account. Requests throw what those of <see cref="NatsJSContext"/> throw.</summary>
public sealed class NatsObjContext(NatsJSContext js, NatsObjOpts? opts = null)
{
    private readonly NatsObjOpts opts = opts ?? new NatsObjOpts();

    /// <summary>Makes a bucket; one that exists with the same settings is taken as it is.</summary>
    public ValueTask<NatsObjStore> CreateObjectStoreAsync(string bucket, CancellationToken cancellationToken = default) =>
        CreateObjectStoreAsync(new NatsObjConfig(bucket), cancellationToken);

    /// <summary>Makes a bucket; one that exists with the same settings is taken as it is.</summary>
    public async ValueTask<NatsObjStore> CreateObjectStoreAsync(NatsObjConfig config, CancellationToken cancellationToken = default) =>
        new(js, config.Bucket, await js.CreateStreamAsync(config.ToStream(), cancellationToken).ConfigureAwait(false), opts);

    /// <summary>A bucket that exists.</summary>
    public async ValueTask<NatsObjStore> GetObjectStoreAsync(string bucket, CancellationToken cancellationToken = default) =>
        new(js, bucket, await js.GetStreamAsync(ObjectNames.Stream(bucket), cancellationToken: cancellationToken).ConfigureAwait(false), opts);

    /// <summary>Deletes a bucket with all it holds.</summary>
    public ValueTask DeleteObjectStoreAsync(string bucket, CancellationToken cancellationToken = default) =>
        js.DeleteStreamAsync(ObjectNames.Stream(bucket), cancellationToken);
}
