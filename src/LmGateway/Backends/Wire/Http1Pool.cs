using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>
/// Connections to one server without TLS, kept for the next request, the last one used first. It does for requests whose body is held what the framework's
/// handler does for all, at half the price (decision 0006).
/// </summary>
internal sealed class Http1Pool : IDisposable
{
    /// <summary>A body up to this size goes out in one piece with the head.</summary>
    private const int SentAtOnce = 16 * 1024;

    private readonly ConcurrentStack<Http1Connection> idle = new();
    private readonly UpstreamSettings settings;
    private readonly RequestHead head;
    private readonly TimeProvider time;
    private readonly EndPoint server;
    private readonly ITimer sweep;
    private int sweeping;
    private volatile bool disposed;

    public Http1Pool(UpstreamSettings settings, TimeProvider time)
    {
        (this.settings, this.time, head) = (settings, time, new RequestHead(settings));
        var host = settings.Address.IdnHost;
        server = IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, settings.Address.Port) : new DnsEndPoint(host, settings.Address.Port);
        sweep = time.CreateTimer(_ => Sweep(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Returns when the head of the reply is there; from then on the connection is the caller's until <see cref="Return"/>. The token's end aborts it for as
    /// long as the registration stands. A connection that turns out to be closed is replaced by another one.
    /// </summary>
    public async ValueTask<(Http1Connection Connection, CancellationTokenRegistration Abort)> SendAsync(Exchange exchange, bool closes, CancellationToken cancellationToken)
    {
        using var first = new PooledBuffer(ArrayPool<byte>.Shared);
        head.Write(exchange, closes, first);
        var rest = exchange.Body;
        if (rest.Length <= SentAtOnce)
        {
            foreach (var piece in rest) first.Write(piece.Span);
            rest = default;
        }

        while (true)
        {
            var connection = TakeIdle() ?? await ConnectAsync(cancellationToken);
            var abort = cancellationToken.UnsafeRegister(static state => ((Http1Connection)state!).Abort(), connection);
            var kept = false;
            try
            {
                kept = await connection.ExchangeAsync(first.Written, rest, exchange.Method);
                if (kept) return (connection, abort);
            }
            finally
            {
                if (!kept)
                {
                    abort.Dispose();
                    connection.Dispose();
                }
            }
        }
    }

    /// <summary>An exchange is over: the connection is kept, or closed where that is what the server, or the rest of its reply, asks for.</summary>
    public void Return(Http1Connection connection)
    {
        if (disposed || !connection.IsReusable)
        {
            connection.Dispose();
            return;
        }

        // A server that tells how long it waits closes then; a second before, a request can still reach it.
        var kept = connection.Head.KeepAliveSeconds is { } told && told - 1 < settings.IdleConnectionTimeout.TotalSeconds ? TimeSpan.FromSeconds(told - 1) : settings.IdleConnectionTimeout;
        connection.IdleUntil = time.GetTimestamp() + (long)(kept.TotalSeconds * time.TimestampFrequency);
        idle.Push(connection);
        if (disposed) Clear();
        else if (Volatile.Read(ref sweeping) == 0 && Interlocked.Exchange(ref sweeping, 1) == 0) sweep.Change(settings.IdleConnectionTimeout, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        disposed = true;
        sweep.Dispose();
        Clear();
    }

    /// <summary>A name may have addresses of both kinds. Nothing waits for more to send: a head and the rest of its body go out at once.</summary>
    internal static Socket NewSocket(EndPoint server) =>
        server is IPEndPoint known ? new Socket(known.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true } : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private Http1Connection? TakeIdle()
    {
        while (idle.TryPop(out var connection))
        {
            if (connection.IdleUntil > time.GetTimestamp()) return connection;
            connection.Dispose();
        }

        return null;
    }

    private async ValueTask<Http1Connection> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = NewSocket(server);
        try
        {
            using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            late.CancelAfter(settings.ConnectTimeout);
            await socket.ConnectAsync(server, late.Token);
            return new Http1Connection(socket);
        }
        catch (Exception fault)
        {
            socket.Dispose();
            if (fault is SocketException refused) throw new HttpRequestException(HttpRequestError.ConnectionError, refused.Message, refused);
            throw;
        }
    }

    /// <summary>Closes what has lain idle for too long, and looks again later while something is left.</summary>
    private void Sweep()
    {
        var now = time.GetTimestamp();
        var young = new List<Http1Connection>();
        while (idle.TryPop(out var connection))
        {
            if (connection.IdleUntil > now) young.Add(connection);
            else connection.Dispose();
        }

        Volatile.Write(ref sweeping, young.Count > 0 ? 1 : 0);
        if (young.Count == 0) return;
        young.Reverse();
        idle.PushRange([.. young]);
        if (disposed) Clear();
        else sweep.Change(settings.IdleConnectionTimeout, Timeout.InfiniteTimeSpan);
    }

    private void Clear()
    {
        while (idle.TryPop(out var connection)) connection.Dispose();
    }
}
