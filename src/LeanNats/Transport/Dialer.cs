using System.IO.Pipelines;
using System.Net.Sockets;
using LeanNats.Authentication;
using LeanNats.Protocol;

namespace LeanNats.Transport;

/// <summary>An accepted connection: INFO, TLS, CONNECT and the first PONG lie behind it. What was read beyond is still in the reader.</summary>
internal sealed record Line(ServerAddress Server, Stream Stream, PipeReader Reader, NatsServerInfo Info);

/// <summary>Opens connections: TCP, TLS before or after INFO, CONNECT with credentials, and the PONG that says yes.</summary>
internal sealed class Dialer(NatsOpts opts)
{
    private readonly FrameParser parser = new(opts.MaxPayloadHardCap);
    private readonly Authenticator authenticator = new(opts.AuthOpts);

    /// <summary>
    /// Throws <see cref="NatsServerException"/> when the server refuses, <see cref="NatsConnectionFailedException"/> for everything else.
    /// </summary>
    public async Task<Line> ConnectAsync(ServerAddress server, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(opts.ConnectTimeout, opts.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        Stream? stream = null;
        try
        {
            stream = await DialAsync(server, either.Token).ConfigureAwait(false);
            var handshake = new Handshake(stream, parser);
            if (opts.TlsOpts.Mode == NatsTlsMode.Implicit)
                handshake = await EncryptAsync(handshake, server, either.Token).ConfigureAwait(false);
            var info = await handshake.ReadInfoAsync(either.Token).ConfigureAwait(false);
            if (opts.TlsOpts.Mode != NatsTlsMode.Implicit && Tls.IsWanted(opts.TlsOpts, server, info))
                handshake = await EncryptAsync(handshake, server, either.Token).ConfigureAwait(false);
            stream = handshake.Stream;
            var connect = new ConnectOptions { Name = opts.Name, Echo = opts.Echo, TlsRequired = stream is System.Net.Security.SslStream };
            connect = await authenticator.SignAsync(connect, server, info.Nonce, either.Token).ConfigureAwait(false);
            info = await handshake.SignInAsync(connect, info, either.Token).ConfigureAwait(false);
            return new Line(server, stream, handshake.Reader, info);
        }
        catch (Exception e)
        {
            if (stream is not null) await stream.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (e is NatsServerException or NatsConnectionFailedException) throw;
            var why = deadline.IsCancellationRequested ? $"it took longer than {opts.ConnectTimeout.TotalSeconds} s" : e.Message;
            throw new NatsConnectionFailedException($"No connection to {server}: {why}", e);
        }
    }

    private static async Task<Stream> DialAsync(ServerAddress server, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server.Host, server.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<Handshake> EncryptAsync(Handshake plain, ServerAddress server, CancellationToken cancellationToken)
    {
        plain.EnsureNothingRead();
        return new Handshake(await Tls.EncryptAsync(plain.Stream, opts.TlsOpts, server.TlsHost, cancellationToken).ConfigureAwait(false), parser);
    }
}
