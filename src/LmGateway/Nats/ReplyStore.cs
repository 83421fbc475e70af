using LeanNats;
using LeanNats.JetStream;
using LeanNats.ObjectStore;
using LeanNats.ObjectStore.Models;

namespace LmGateway.Nats;

/// <summary>Where replies are put that do not fit into a message. They are kept for an hour.</summary>
internal sealed class ReplyStore(NatsLink link)
{
    public const string Bucket = "lmgateway-replies";

    private const int LargestChunk = 128 * 1024;

    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    /// <summary>Puts a reply under a name of its own. The bucket is made where there is none.</summary>
    public async Task<ObjectMetadata> PutAsync(string requestId, byte[] reply, CancellationToken cancellationToken)
    {
        try
        {
            var connection = link.Require();
            var store = await OpenAsync(new NatsObjContext(new NatsJSContext(connection)), cancellationToken);
            var chunk = Math.Min(LargestChunk, (connection.ServerInfo?.MaxPayload ?? long.MaxValue) / 2);     // the headers need room as well
            var name = new ObjectMetadata { Name = $"{requestId}/{Guid.NewGuid():N}.json", Options = new MetaDataOptions { MaxChunkSize = (int)chunk } };
            return await store.PutAsync(name, new MemoryStream(reply), cancellationToken);
        }
        catch (NatsException failure)
        {
            throw NatsErrors.From(failure, Bucket);
        }
    }

    private static async Task<NatsObjStore> OpenAsync(NatsObjContext context, CancellationToken cancellationToken)
    {
        try
        {
            return await context.GetObjectStoreAsync(Bucket, cancellationToken);
        }
        catch (NatsJSApiException missing) when (missing.Error.ErrCode == JSErrCode.StreamNotFound)
        {
            return await context.CreateObjectStoreAsync(new NatsObjConfig(Bucket) { Description = "Replies that were too large for a message", MaxAge = Kept }, cancellationToken);
        }
    }
}
