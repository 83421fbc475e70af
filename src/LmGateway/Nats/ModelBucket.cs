using System.Buffers.Text;
using LeanNats;
using LeanNats.JetStream;
using LeanNats.ObjectStore;
using LeanNats.ObjectStore.Models;
using LmGateway.Vocabulary;

namespace LmGateway.Nats;

/// <summary>An object of the model repository.</summary>
internal sealed record BucketObject(string Bucket, ObjectMetadata Info)
{
    /// <summary>Usually <c>publisher/model/file</c>.</summary>
    public string Name => Info.Name;

    /// <summary>Names its content: another content has another one.</summary>
    public string Nuid => Info.Nuid ?? "";

    /// <summary>In bytes.</summary>
    public long Size => Info.Size;

    /// <summary><c>SHA-256=</c> and URL-safe base64, without the padding that some clients write and others do not.</summary>
    public string Digest => Info.Digest?.TrimEnd('=') ?? "";

    /// <summary>A hash in the same form.</summary>
    public static string DigestOf(ReadOnlySpan<byte> hash) => "SHA-256=" + Base64Url.EncodeToString(hash);
}

/// <summary>The model repository: buckets of JetStream's object store, on the one NATS connection.</summary>
internal sealed class ModelBucket(NatsLink link)
{
    private const int LongestName = 1024;
    private const int LongestBucket = 128;

    /// <summary>Throws <see cref="ErrorCode.InvalidRequest"/> for what cannot be a bucket's name.</summary>
    public static void CheckBucket(string bucket)
    {
        if (bucket.Length is 0 or > LongestBucket || !bucket.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_'))
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, "'bucket' may hold letters, digits, '-' and '_' only") { Parameter = "bucket" });
    }

    /// <summary>Throws <see cref="ErrorCode.InvalidRequest"/> for what cannot be an object's name.</summary>
    public static void CheckName(string name)
    {
        var fault = name switch
        {
            "" => "is required",
            { Length: > LongestName } => $"has more than {LongestName} characters",
            _ when name.Any(char.IsControl) => "holds control characters",
            _ => null,
        };
        if (fault is not null) throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, $"'object_name' {fault}") { Parameter = "object_name" });
    }

    /// <summary>The object of a name, a link followed; null where there is none. Throws <see cref="ErrorCode.ObjectNotFound"/> where there is no such bucket.</summary>
    public Task<BucketObject?> FindAsync(string bucket, string name, CancellationToken cancellationToken) => AskAsync(bucket, async () =>
    {
        try
        {
            var store = await Context().GetObjectStoreAsync(bucket, cancellationToken);
            var (owner, info) = await store.ResolveAsync(name, cancellationToken);
            return Of(owner, info);
        }
        catch (NatsObjNotFoundException)
        {
            return null;
        }
    });

    /// <summary>The objects whose names begin so, by name. Throws <see cref="ErrorCode.ObjectNotFound"/> where there is no such bucket.</summary>
    public Task<List<BucketObject>> ListAsync(string bucket, string prefix, CancellationToken cancellationToken) => AskAsync(bucket, async () =>
    {
        var found = new List<BucketObject>();
        var store = await Context().GetObjectStoreAsync(bucket, cancellationToken);
        await foreach (var info in store.ListAsync(cancellationToken: cancellationToken))
            if (!info.IsLink && info.Name.StartsWith(prefix, StringComparison.Ordinal)) found.Add(Of(store, info));
        found.Sort((one, other) => string.CompareOrdinal(one.Name, other.Name));
        return found;
    });

    /// <summary>
    /// Writes what the destination lacks of the object behind what it holds already. False where the whole is not what was put. What has been
    /// written stays when this throws.
    /// </summary>
    public Task<bool> ReadAsync(BucketObject source, Stream destination, CancellationToken cancellationToken) => AskAsync(source.Bucket, async () =>
    {
        try
        {
            var store = await Context().GetObjectStoreAsync(source.Bucket, cancellationToken);
            await store.GetAsync(source.Info, destination, resume: true, cancellationToken);
            return true;
        }
        catch (NatsObjCorruptException)
        {
            return false;
        }
    });

    /// <summary>Puts an object, in place of an earlier one of its name. The bucket is made where there is none.</summary>
    public Task PutAsync(string bucket, string name, Stream content, CancellationToken cancellationToken) => AskAsync(bucket, async () =>
    {
        var store = await OpenAsync(bucket, cancellationToken);
        return await store.PutAsync(name, content, cancellationToken);
    });

    private async Task<NatsObjStore> OpenAsync(string bucket, CancellationToken cancellationToken)
    {
        try
        {
            return await Context().GetObjectStoreAsync(bucket, cancellationToken);
        }
        catch (NatsJSApiException missing) when (missing.Error.ErrCode == JSErrCode.StreamNotFound)
        {
            return await Context().CreateObjectStoreAsync(bucket, cancellationToken);
        }
    }

    private static BucketObject Of(NatsObjStore store, ObjectMetadata info) => new(store.Bucket, info);

    private NatsObjContext Context()
    {
        if (link.Connection is null) throw new GatewayException(ErrorCode.RepositoryUnavailable, "NATS is off, and the model repository is there. Name a server in nats.url (NATS_URL).");
        if (!link.State.IsConnected) throw new GatewayException(new GatewayError(ErrorCode.RepositoryUnavailable, $"There is no connection to NATS. {link.State.Problem}".TrimEnd()) { RetryAfter = TimeSpan.FromSeconds(5) });
        return new NatsObjContext(new NatsJSContext(link.Connection));
    }

    private static async Task<T> AskAsync<T>(string bucket, Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (NatsException failure)
        {
            throw NatsErrors.From(failure, bucket);
        }
    }
}
