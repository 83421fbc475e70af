using System.Runtime.CompilerServices;
using LeanNats.JetStream;

namespace LeanNats.KeyValue;

public sealed partial class NatsKVStore
{
    /// <summary>
    /// The entries of a key, of those that match wildcards, or of all, and then every change as it happens, without an end. It goes on
    /// where it was after a lost connection. Throws <see cref="NatsJSApiException"/> when the bucket is gone.
    /// </summary>
    public async IAsyncEnumerable<NatsKVEntry> WatchAsync(
        string keys = ">", NatsKVWatchOpts? opts = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        opts ??= new NatsKVWatchOpts();
        var tellDone = opts.OnInitialDone;
        var consumer = await js.CreateOrderedConsumerAsync(stream.Name, opts.ToConsumer(SubjectOf(keys), InitialDone), cancellationToken)
            .ConfigureAwait(false);
        if (consumer.Info.NumPending == 0) InitialDone();
        await foreach (var message in consumer.ConsumeAsync(cancellationToken).ConfigureAwait(false))
        {
            var entry = EntryOf(message);
            if (!opts.IgnoreDeletes || entry.Operation == NatsKVOperation.Put) yield return entry;
            if (entry.Delta == 0) InitialDone();
        }

        void InitialDone() => Interlocked.Exchange(ref tellDone, null)?.Invoke();
    }

    /// <summary>Every entry of a key that is kept, deletions too, the oldest first.</summary>
    public IAsyncEnumerable<NatsKVEntry> HistoryAsync(string key, CancellationToken cancellationToken = default)
    {
        KeyNames.Check(key);
        return ReadToNowAsync(key, new NatsKVWatchOpts { IncludeHistory = true }, cancellationToken);
    }

    /// <summary>The keys that have a value now: all, or those that match wildcards.</summary>
    public async IAsyncEnumerable<string> GetKeysAsync(string keys = ">", [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var entry in ReadToNowAsync(keys, new NatsKVWatchOpts { MetaOnly = true }, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Operation == NatsKVOperation.Put) found.Add(entry.Key);
            else found.Remove(entry.Key);
        }

        foreach (var key in found) yield return key;
    }

    /// <summary>A watch that ends when everything is handed out that was there at its beginning.</summary>
    private async IAsyncEnumerable<NatsKVEntry> ReadToNowAsync(
        string keys, NatsKVWatchOpts opts, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var entries = WatchAsync(keys, opts with { OnInitialDone = done.Cancel }, done.Token).GetAsyncEnumerator(CancellationToken.None);
        await using (entries.ConfigureAwait(false))
        {
            while (await MoveNextAsync().ConfigureAwait(false)) yield return entries.Current;
        }

        async ValueTask<bool> MoveNextAsync()
        {
            try
            {
                var hasMoved = await entries.MoveNextAsync().ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                return hasMoved && !done.IsCancellationRequested; // what comes behind the end is not part of it
            }
            catch (OperationCanceledException) when (done.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                return false;
            }
        }
    }

    private NatsKVEntry EntryOf(in NatsJSMsg message) => message.Error is { } error ? throw error : new NatsKVEntry
    {
        Bucket = Bucket,
        Key = KeyNames.KeyOf(Bucket, message.Subject),
        Value = message.Data,
        Revision = message.Metadata.StreamSequence,
        Delta = message.Metadata.NumPending,
        Created = message.Metadata.Timestamp,
        Operation = NatsKVEntry.OperationOf(message.Headers),
    };
}
