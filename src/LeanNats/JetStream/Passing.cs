namespace LeanNats.JetStream;

/// <summary>Failures that a server's restart, a lost connection or the choice of a leader brings and that pass.</summary>
internal static class Passing
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static bool Is(Exception failure) => failure
        is NatsConnectionLostException or NatsTimeoutException or NatsNoReplyException or NatsNoRespondersException or NatsPendingLimitException
        or NatsJSApiException { Error: { Code: 503 or 429, ErrCode: not JSErrCode.StoreFailed } };

    /// <summary>Does it again while the failure passes and <paramref name="patience"/> lasts. Only for what may happen twice.</summary>
    public static async ValueTask<T> RetryAsync<T>(
        Func<CancellationToken, ValueTask<T>> action, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await action(cancellationToken).ConfigureAwait(false);
            }
            catch (NatsException e) when (Is(e) && time.GetElapsedTime(start) < patience)
            {
                await PauseAsync(time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public static Task PauseAsync(TimeProvider time, CancellationToken cancellationToken) => Task.Delay(Pause, time, cancellationToken);
}
