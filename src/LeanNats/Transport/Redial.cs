namespace LeanNats.Transport;

/// <summary>Finds a server that takes the connection: round after round over all of them, with growing waits between.</summary>
internal sealed class Redial(NatsOpts opts, ServerPool pool, Dialer dialer, Action<NatsEvent> emit)
{
    private const int AuthErrorsToGiveUp = 2;

    private int authErrors;

    /// <summary>One round, unless the options ask to keep trying.</summary>
    public async Task<Line> FirstAsync(CancellationToken cancellationToken)
    {
        if (opts.RetryOnInitialConnect) return await AgainAsync(TimeSpan.MaxValue, cancellationToken).ConfigureAwait(false);
        var (line, failure) = await RoundAsync(int.MaxValue, cancellationToken).ConfigureAwait(false);
        if (line is not null) return line;
        throw failure is NatsServerException { IsAuthError: true }
            ? failure
            : new NatsConnectionFailedException(failure!.Message, failure);
    }

    /// <summary>
    /// Tries at once, unless the former connection <paramref name="lived"/> so shortly that a server that takes connections only to drop
    /// them would be called in a tight loop. Throws <see cref="NatsConnectionFailedException"/> after <see cref="NatsOpts.MaxReconnectRetry"/> rounds, and the server's error when
    /// the credentials were refused twice in a row.
    /// </summary>
    public async Task<Line> AgainAsync(TimeSpan lived, CancellationToken cancellationToken)
    {
        if (lived < opts.ReconnectWaitMin) await Task.Delay(Wait(1), opts.TimeProvider, cancellationToken).ConfigureAwait(false);
        authErrors = 0;
        Exception? failure = null;
        for (var round = 0; opts.MaxReconnectRetry < 0 || round < opts.MaxReconnectRetry; round++)
        {
            if (round > 0) await Task.Delay(Wait(round), opts.TimeProvider, cancellationToken).ConfigureAwait(false);
            (var line, failure) = await RoundAsync(opts.IgnoreAuthErrorAbort ? int.MaxValue : AuthErrorsToGiveUp, cancellationToken).ConfigureAwait(false);
            if (line is not null) return line;
        }

        throw new NatsConnectionFailedException($"No NATS server could be reached in {opts.MaxReconnectRetry} rounds.", failure);
    }

    private async Task<(Line? Line, Exception? Failure)> RoundAsync(int maxAuthErrors, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        foreach (var server in pool.Round())
        {
            try
            {
                return (await dialer.ConnectAsync(server, cancellationToken).ConfigureAwait(false), null);
            }
            catch (NatsException e)
            {
                failure = e;
                emit(new NatsReconnectFailed(server.ToString(), e));
                authErrors = e is NatsServerException { IsAuthError: true } ? authErrors + 1 : 0;
                if (authErrors >= maxAuthErrors) throw;
            }
        }

        return (null, failure);
    }

    /// <summary>Doubles with each round up to the longest wait; the jitter comes on top.</summary>
    private TimeSpan Wait(int round)
    {
        var wait = opts.ReconnectWaitMin * Math.Pow(2, Math.Min(round - 1, 20));
        if (wait > opts.ReconnectWaitMax) wait = opts.ReconnectWaitMax;
        return wait + (opts.ReconnectJitter * Random.Shared.NextDouble());
    }
}
