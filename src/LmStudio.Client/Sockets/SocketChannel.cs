using System.Text.Json;
using System.Threading.Channels;

namespace LmStudio.Client.Sockets;

/// <summary>
/// One channel of the protocol: messages in, at most a word such as <c>cancel</c> out. Disposing it before the server ended it
/// sends the cancel word, so work that nobody waits for does not go on.
/// </summary>
internal sealed class SocketChannel(SocketConnection connection, int id, string endpoint, LmStudioClientOptions options) : IAsyncDisposable
{
    private const int Capacity = 16 * 1024;

    private readonly Channel<JsonElement> messages = Channel.CreateBounded<JsonElement>(
        new BoundedChannelOptions(Capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private volatile bool ended;
    private volatile bool asked;

    public string Endpoint => endpoint;

    /// <summary>Whether the server has accepted the channel by sending something on it.</summary>
    public bool IsAnswered { get; private set; }

    /// <summary>The word that ends this channel's work as it now stands.</summary>
    public string CancelWord { get; set; } = "cancel";

    /// <summary>How long the channel may be silent; infinite for channels that only report what happens.</summary>
    public TimeSpan IdleTimeout { get; init; } = options.ChannelIdleTimeout;

    /// <summary>
    /// The messages until the server closes the channel; its error is thrown. When the token is cancelled the cancel word is sent
    /// and the server has the grace to end the channel, so that a result which was already on its way is not lost.
    /// </summary>
    public async IAsyncEnumerable<JsonElement> ReadAsync(
        TimeSpan grace, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
        using var afterCancel = new CancellationTokenSource(Timeout.InfiniteTimeSpan, options.TimeProvider);
        while (await WaitAsync().ConfigureAwait(false))
        {
            while (messages.Reader.TryRead(out var message))
            {
                yield return message;
                // However much is waiting to be read, the cancel goes out at once.
                if (cancellationToken.IsCancellationRequested) break;
            }
        }

        async ValueTask<bool> WaitAsync()
        {
            try
            {
                cancellationToken.ThrowIfCancellationRequested();
                silence.CancelAfter(IdleTimeout);
                var more = await messages.Reader.WaitToReadAsync(either.Token).ConfigureAwait(false);
                // A reader who takes its time is not the server's silence.
                silence.CancelAfter(Timeout.InfiniteTimeSpan);
                return more;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                if (grace == TimeSpan.Zero) afterCancel.Cancel();
                else if (!asked) afterCancel.CancelAfter(grace);
                return await WaitForEndAsync(afterCancel.Token, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                throw new LmStudioTimeoutException(endpoint, IdleTimeout);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        connection.Forget(id);
        await AskToEndAsync().ConfigureAwait(false);
    }

    /// <summary>Sends the cancel word, once, unless the work is over.</summary>
    public async ValueTask AskToEndAsync()
    {
        if (ended || asked) return;
        asked = true;
        await connection.TrySendAsync(OutgoingFrames.ChannelSend(id, CancelWord)).ConfigureAwait(false);
    }

    /// <summary>Sends a word that takes the work to its next stage, where another word ends it.</summary>
    public async ValueTask SendAsync(string word, string cancelWord, CancellationToken cancellationToken)
    {
        await connection.SendAsync(OutgoingFrames.ChannelSend(id, word), cancellationToken).ConfigureAwait(false);
        CancelWord = cancelWord;
    }

    /// <summary>The reader has the final message; what may still follow is of no interest.</summary>
    public void Finish() => ended = true;

    /// <summary>The failure for a channel that closed before its final message.</summary>
    public LmStudioProtocolException ClosedEarly() => new($"LM Studio closed the channel '{endpoint}' before its result.");

    public void Deliver(JsonElement message)
    {
        IsAnswered = true;
        if (!messages.Writer.TryWrite(message))
            Fail(new LmStudioProtocolException($"The reader of '{endpoint}' fell more than {Capacity} messages behind."));
    }

    public void Close()
    {
        ended = true;
        messages.Writer.TryComplete();
    }

    /// <summary>Ends the channel because the server, or the connection, failed it.</summary>
    public void End(LmStudioException failure)
    {
        ended = true;
        Fail(failure);
    }

    private void Fail(LmStudioException failure) => messages.Writer.TryComplete(failure);

    private async ValueTask<bool> WaitForEndAsync(CancellationToken graceOver, CancellationToken cancellationToken)
    {
        await AskToEndAsync().ConfigureAwait(false);
        try
        {
            if (await messages.Reader.WaitToReadAsync(graceOver).ConfigureAwait(false)) return true;
        }
        catch (Exception e) when (e is OperationCanceledException or LmStudioException)
        {
            // The end that was asked for, or none in time: either way the caller has cancelled.
        }

        throw new OperationCanceledException(cancellationToken);
    }
}
