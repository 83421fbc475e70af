using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using LeanNats.Protocol;

namespace LeanNats.Transport;

/// <summary>The first words of a connection, before its reading loop runs.</summary>
internal sealed class Handshake(Stream stream, FrameParser parser)
{
    /// <summary>Large enough that chunks of an object come in few reads, small enough for many connections.</summary>
    private static readonly StreamPipeReaderOptions ReaderOptions = new(bufferSize: 64 * 1024, minimumReadSize: 8 * 1024, leaveOpen: true);

    public Stream Stream => stream;

    public PipeReader Reader { get; } = PipeReader.Create(stream, ReaderOptions);

    /// <summary>The server speaks first.</summary>
    public async Task<NatsServerInfo> ReadInfoAsync(CancellationToken cancellationToken)
    {
        var (verb, info, error) = await NextAsync(cancellationToken).ConfigureAwait(false);
        if (error is not null) throw new NatsServerException(error);
        return verb == ServerVerb.Info ? info! : throw new NatsProtocolViolationException("The server did not begin with INFO.");
    }

    /// <summary>Bytes that came before encryption could have been put there by anyone.</summary>
    public void EnsureNothingRead()
    {
        if (!Reader.TryRead(out var result)) return;
        var length = result.Buffer.Length;
        Reader.AdvanceTo(result.Buffer.Start);
        if (length > 0) throw new NatsProtocolViolationException("The server spoke unencrypted before the TLS handshake.");
    }

    /// <summary>Sends CONNECT with a PING behind it; the PONG is the server's yes. Returns the newest INFO.</summary>
    public async Task<NatsServerInfo> SignInAsync(ConnectOptions connect, NatsServerInfo info, CancellationToken cancellationToken)
    {
        using var buffer = new PooledBuffer();
        FrameWriter.Connect(buffer, ConnectJson.Write(connect));
        FrameWriter.Ping(buffer);
        await stream.WriteAsync(buffer.Written, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var (verb, newer, error) = await NextAsync(cancellationToken).ConfigureAwait(false);
            if (error is not null) throw new NatsServerException(error);
            if (verb == ServerVerb.Pong) return info;
            if (newer is not null) info = newer;
            if (verb == ServerVerb.Ping) await stream.WriteAsync("PONG\r\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
            if (verb == ServerVerb.Msg) throw new NatsProtocolViolationException("The server sent a message before it accepted the connection.");
        }
    }

    private async Task<(ServerVerb Verb, NatsServerInfo? Info, string? Error)> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (TryNext(ref buffer, out var next))
            {
                Reader.AdvanceTo(buffer.Start);
                return next;
            }

            Reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted) throw new EndOfStreamException("the server closed the connection.");
        }
    }

    private bool TryNext(ref ReadOnlySequence<byte> buffer, out (ServerVerb Verb, NatsServerInfo? Info, string? Error) next)
    {
        next = default;
        if (!parser.TryRead(ref buffer, out var frame)) return false;
        next.Verb = frame.Verb;
        if (frame.Verb == ServerVerb.Info) next.Info = ConnectJson.ReadInfo(frame.Text);
        if (frame.Verb == ServerVerb.Error) next.Error = Encoding.UTF8.GetString(frame.Text);
        return true;
    }
}
