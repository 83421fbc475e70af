using System.Runtime.CompilerServices;
using LeanNats.JetStream.Models;

namespace LeanNats.JetStream;

/// <summary>A pull consumer that exists.</summary>
public sealed class NatsJSConsumer
{
    /// <summary>How much later than the server the client gives a pull up.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly NatsJSContext js;

    internal NatsJSConsumer(NatsJSContext js, ConsumerInfo info) => (this.js, Info) = (js, info);

    /// <summary>The settings and the state when last asked.</summary>
    public ConsumerInfo Info { get; private set; }

    /// <summary>Asks for <see cref="Info"/> anew.</summary>
    public async ValueTask RefreshAsync(CancellationToken cancellationToken = default) =>
        Info = await js.GetConsumerInfoAsync(Info.StreamName, Info.Name, cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Messages until there are as many as asked for or the time is over. Throws <see cref="NatsConnectionLostException"/> when the
    /// connection broke, <see cref="NatsJSProtocolException"/> when the consumer was deleted meanwhile, and
    /// <see cref="NatsNoReplyException"/> when the server says nothing at all; those that an old server sends for a deleted consumer too.
    /// </summary>
    public IAsyncEnumerable<NatsJSMsg> FetchAsync(NatsJSFetchOpts? opts = null, CancellationToken cancellationToken = default)
    {
        opts ??= new NatsJSFetchOpts();
        var request = new PullRequest { Batch = opts.MaxMsgs, Expires = opts.Expires, IdleHeartbeat = opts.IdleHeartbeat };
        return PullOnceAsync(request, (opts.IdleHeartbeat * 2) ?? (opts.Expires + Grace), cancellationToken);
    }

    /// <summary>The messages that are there now, up to as many as asked for. Throws what <see cref="FetchAsync"/> throws.</summary>
    public IAsyncEnumerable<NatsJSMsg> FetchNoWaitAsync(int maxMsgs = 100, CancellationToken cancellationToken = default) =>
        PullOnceAsync(new PullRequest { Batch = maxMsgs, NoWait = true }, js.RequestTimeout, cancellationToken);

    /// <summary>The next message; null when none came in time, 30 s by default. Throws what <see cref="FetchAsync"/> throws.</summary>
    public async ValueTask<NatsJSMsg?> NextAsync(TimeSpan? expires = null, CancellationToken cancellationToken = default)
    {
        var opts = new NatsJSFetchOpts { MaxMsgs = 1 };
        if (expires is { } wait) opts = opts with { Expires = wait };
        await foreach (var message in FetchAsync(opts, cancellationToken).ConfigureAwait(false)) return message;
        return null;
    }

    /// <summary>
    /// Messages without an end, over restarts of the server and lost connections. Throws <see cref="NatsJSApiException"/> when the
    /// consumer is gone, and ends with the connection.
    /// </summary>
    public async IAsyncEnumerable<NatsJSMsg> ConsumeAsync(
        NatsJSConsumeOpts? opts = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var pull = new EndlessPull(js, Info.StreamName, opts ?? new NatsJSConsumeOpts(), FindAsync);
        await using (pull.ConfigureAwait(false))
        {
            while (true)
                if ((await pull.NextAsync(cancellationToken).ConfigureAwait(false)).Message is { } message)
                    yield return message;
        }
    }

    /// <summary>Old servers keep silent about a consumer that is gone: it is asked for each time.</summary>
    private async ValueTask<string> FindAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken).ConfigureAwait(false);
        return Info.Name;
    }

    private async IAsyncEnumerable<NatsJSMsg> PullOnceAsync(
        PullRequest request, TimeSpan patience, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Batch, 1, nameof(request));
        var session = await PullSession.OpenAsync(js, Info.StreamName, Info.Name, pooledPayloads: false, cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            await session.PullAsync(request, cancellationToken).ConfigureAwait(false);
            for (var isOver = false; !isOver && session.OwedMsgs > 0;)
            {
                var item = await session.ReadAsync(patience, cancellationToken).ConfigureAwait(false);
                if (item.Message is { } message) yield return message;
                isOver = item.IsEndOfPull;
            }
        }
    }
}
