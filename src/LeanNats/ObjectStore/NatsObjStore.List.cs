using System.Runtime.CompilerServices;
using LeanNats.JetStream;
using LeanNats.JetStream.Models;
using LeanNats.ObjectStore.Models;

namespace LeanNats.ObjectStore;

public sealed partial class NatsObjStore
{
    /// <summary>Every object; deleted ones only if asked for. Messages that describe no object are passed over.</summary>
    public async IAsyncEnumerable<ObjectMetadata> ListAsync(
        bool showDeleted = false, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var reader = await OrderedReader
            .OpenAsync(js, stream.Name, MetaOpts(ConsumerConfigDeliverPolicy.LastPerSubject), opts.Patience, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
            while (await reader.NextAsync().ConfigureAwait(false) is { } message)
                if (Read(message.Data.Span, message.Metadata.Timestamp) is { } meta && (showDeleted || !meta.Deleted))
                    yield return meta;
    }

    /// <summary>
    /// Every object, and from then on each change as it happens, deletions included; with <paramref name="updatesOnly"/> the changes alone.
    /// Endless, over restarts of the server. Messages that describe no object are passed over.
    /// </summary>
    public async IAsyncEnumerable<ObjectMetadata> WatchAsync(
        bool updatesOnly = false, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var policy = updatesOnly ? ConsumerConfigDeliverPolicy.New : ConsumerConfigDeliverPolicy.LastPerSubject;
        var consumer = await PatientlyAsync(token => js.CreateOrderedConsumerAsync(stream.Name, MetaOpts(policy), token), cancellationToken)
            .ConfigureAwait(false);
        await foreach (var message in consumer.ConsumeAsync(cancellationToken).ConfigureAwait(false))
            if (Read(message.Data.Span, message.Metadata.Timestamp) is { } meta)
                yield return meta;
    }

    private NatsJSOrderedConsumerOpts MetaOpts(ConsumerConfigDeliverPolicy policy) =>
        new() { FilterSubject = $"$O.{Bucket}.M.>", DeliverPolicy = policy };
}
