using System.Buffers;
using System.Text;
using LeanNats.Protocol;

namespace LeanNats.Transport;

/// <summary>One connection to one server, from the accepted handshake to its end: the reading loop, the writer and the keep-alive.</summary>
internal sealed class Session : IAsyncDisposable
{
    private readonly Line line;
    private readonly NatsOpts opts;
    private readonly NatsConnection connection;
    private readonly FrameParser parser;
    private readonly CancellationTokenSource ended = new();
    private Exception? reason;

    public Session(Line line, NatsConnection connection)
    {
        (this.line, this.connection, opts) = (line, connection, connection.Opts);
        parser = new FrameParser(opts.MaxPayloadHardCap);
        Writer = new SessionWriter(line.Stream, opts) { OnBroken = (_, e) => Abort(e), OnRoom = connection.Outgoing.OnRoom };
        Writer.MaxPayload = line.Info.MaxPayload;
    }

    public ServerAddress Server => line.Server;

    public SessionWriter Writer { get; }

    /// <summary>Reads until the connection ends, and returns why. Never throws.</summary>
    public async Task<Exception> RunAsync()
    {
        var keepAlive = KeepAliveAsync();
        try
        {
            await ReadAsync().ConfigureAwait(false);
            Abort(new EndOfStreamException("The server closed the connection."));
        }
        catch (Exception e)
        {
            Abort(e);
        }

        await keepAlive.ConfigureAwait(false);
        return reason!;
    }

    /// <summary>Ends the connection. The first reason counts.</summary>
    public void Abort(Exception why)
    {
        if (Interlocked.CompareExchange(ref reason, why, null) is not null) return;
        ended.Cancel();
        line.Stream.Dispose();
        Writer.Break(why);
    }

    public async ValueTask DisposeAsync()
    {
        Abort(new ObjectDisposedException(nameof(NatsConnection)));
        await Writer.DisposeAsync().ConfigureAwait(false);
        await line.Reader.CompleteAsync().ConfigureAwait(false);
        ended.Dispose();
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            var result = await line.Reader.ReadAsync(ended.Token).ConfigureAwait(false);
            var buffer = result.Buffer;
            while (TryDispatch(ref buffer, out var full))
                if (!full.IsCompletedSuccessfully)
                    await full.ConfigureAwait(false);
            line.Reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted) return;
        }
    }

    /// <summary>Hands out frames until there is no whole one left (false) or a subscription asks to wait (true).</summary>
    private bool TryDispatch(ref ReadOnlySequence<byte> buffer, out ValueTask full)
    {
        full = default;
        while (parser.TryRead(ref buffer, out var frame))
        {
            if (frame.Verb != ServerVerb.Msg)
            {
                DispatchControl(frame);
                continue;
            }

            full = connection.OnMessage(frame);
            if (!full.IsCompletedSuccessfully) return true;
        }

        return false;
    }

    private void DispatchControl(in ServerFrame frame)
    {
        switch (frame.Verb)
        {
            case ServerVerb.Ping:
                Writer.Pong();
                break;
            case ServerVerb.Pong:
                Writer.OnPong();
                break;
            case ServerVerb.Info:
                var info = ConnectJson.ReadInfo(frame.Text);
                Writer.MaxPayload = info.MaxPayload;
                connection.OnInfo(this, info);
                break;
            case ServerVerb.Error:
                var error = Encoding.UTF8.GetString(frame.Text);
                if (!ServerErrors.KeepsConnection(error)) throw new NatsServerException(error);
                connection.OnServerError(this, error);
                break;
        }
    }

    private async Task KeepAliveAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(opts.PingInterval, opts.TimeProvider);
            var unanswered = new Queue<Task>();
            while (await timer.WaitForNextTickAsync(ended.Token).ConfigureAwait(false))
            {
                while (unanswered.TryPeek(out var oldest) && oldest.IsCompleted) _ = unanswered.Dequeue();
                if (unanswered.Count >= opts.MaxPingOut)
                {
                    Abort(new NatsTimeoutException($"The server left {unanswered.Count} pings unanswered."));
                    return;
                }

                if (Writer.TryPing(out var pong)) unanswered.Enqueue(pong);
            }
        }
        catch (OperationCanceledException)
        {
            // The connection ended.
        }
    }
}
