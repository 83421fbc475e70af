namespace LeanNats.JetStream;

/// <summary>
/// Messages of a consumer without an end: pulls ahead, and begins anew with whatever <paramref name="findConsumer"/> gives after a lost
/// connection, a restart of the server, or missing heartbeats. What does not pass is thrown.
/// </summary>
internal sealed class EndlessPull(
    NatsJSContext js, string stream, NatsJSConsumeOpts opts, Func<CancellationToken, ValueTask<string>> findConsumer) : IAsyncDisposable
{
    private PullSession? session;
    private bool hasEnded;

    /// <summary>The next message or heartbeat.</summary>
    public async ValueTask<PullItem> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                session ??= await PullSession
                    .OpenAsync(js, stream, await findConsumer(cancellationToken).ConfigureAwait(false), opts.PooledPayloads, cancellationToken)
                    .ConfigureAwait(false);
                await RefillAsync(session, cancellationToken).ConfigureAwait(false);
                var item = await session.ReadAsync(opts.IdleHeartbeat * 2, cancellationToken).ConfigureAwait(false);
                // Pulls that end one after the other without a word between them are refused: not as fast as the server can refuse.
                if (item.IsEndOfPull && hasEnded) await Passing.PauseAsync(js.Time, cancellationToken).ConfigureAwait(false);
                hasEnded = item.IsEndOfPull;
                if (!item.IsEndOfPull) return item;
            }
            catch (NatsException e) when (Passing.Is(e) || e is NatsJSProtocolException { IsConsumerDeleted: true })
            {
                await ResetAsync().ConfigureAwait(false);
                await Passing.PauseAsync(js.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The next message begins anew.</summary>
    public async ValueTask ResetAsync()
    {
        if (session is { } old) await old.DisposeAsync().ConfigureAwait(false);
        session = null;
    }

    public ValueTask DisposeAsync() => ResetAsync();

    private ValueTask RefillAsync(PullSession open, CancellationToken cancellationToken)
    {
        if (open.OwedMsgs > opts.Threshold) return default;
        var more = opts.MaxMsgs - (int)open.OwedMsgs;
        return open.PullAsync(new PullRequest { Batch = more, Expires = opts.Expires, IdleHeartbeat = opts.IdleHeartbeat }, cancellationToken);
    }
}
