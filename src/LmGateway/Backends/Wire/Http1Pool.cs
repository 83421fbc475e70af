using System.Collections.Concurrent;
using System.Net;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>
/// Exchanges over connections of the gateway's own to one server without TLS, kept for the next request, the last one used first. It does for requests
/// whose body is held what the framework's handler does for all, at a fraction of the price (decision 0006).
/// </summary>
internal sealed class Http1Pool : IDisposable
{
    private readonly ConcurrentStack<Http1Connection> idle = new();
    private readonly UpstreamSettings settings;
    private readonly UpstreamFaults faults;
    private readonly ExchangeCount count;
    private readonly RequestHead head;
    private readonly TimeProvider time;
    private readonly EndPoint server;
    private readonly ITimer sweep;
    private int sweeping;
    private volatile bool disposed;

    public Http1Pool(UpstreamSettings settings, UpstreamFaults faults, ExchangeCount count, TimeProvider time)
    {
        (this.settings, this.faults, this.count, this.time, head) = (settings, faults, count, time, new RequestHead(settings));
        var host = settings.Address.IdnHost;
        server = IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, settings.Address.Port) : new DnsEndPoint(host, settings.Address.Port);
        sweep = time.CreateTimer(_ => Sweep(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Returns when the head of the reply is there. A refusal is thrown where that is asked for. A connection that turns out to be closed is replaced by
    /// another one, as long as nothing has gone out that may have begun work.
    /// </summary>
    public async Task<ExchangeReply> SendAsync(Exchange exchange, bool refuses, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var closes = count.Enter();
        var began = time.GetTimestamp();
        var leaving = default(CancellationTokenRegistration);
        Http1Connection? connection = null;
        try
        {
            while (true)
            {
                connection = TakeIdle(began) ?? new Http1Connection(server, time);
                leaving = cancellationToken.UnsafeRegister(static state => ((Http1Connection)state!).Abort(), connection);
                connection.Clock.Begin(exchange.Timeout, exchange.IdleTimeout, began);
                if (!connection.IsConnected) await connection.ConnectAsync(settings.ConnectTimeout);
                if (connection.TryListen(exchange.Method, out var reply))
                {
                    head.Write(exchange, closes, connection.Outgoing);
                    var sending = connection.SendAsync(exchange.Body);
                    if (!sending.IsCompletedSuccessfully) await sending;
                    if (await reply is var received and > 0)
                    {
                        if (!connection.TryReadHead(received)) await connection.ReceiveHeadAsync();
                        break;
                    }

                    connection.DemandAnother();
                }

                leaving.Dispose();
                connection.Dispose();
            }
        }
        catch (Exception fault)
        {
            leaving.Dispose();
            connection?.Dispose();
            count.Leave();
            throw faults.Of(fault, connection?.Clock.Expired, cancellationToken);
        }

        var answer = new Http1Reply(connection, this, leaving, cancellationToken);
        return refuses && answer.Status >= 400 ? throw await Refusals.TakeAsync(answer, settings.Backend, cancellationToken) : answer;
    }

    /// <summary>What to throw for a fault in the middle of a reply.</summary>
    public Exception Fault(Exception fault, Http1Connection connection, CancellationToken callers) => faults.Of(fault, connection.Clock.Expired, callers);

    /// <summary>An exchange is over: the connection is kept, or closed where that is what the server, the rest of its reply, or the end of its time asks for.</summary>
    public void Return(Http1Connection connection)
    {
        count.Leave();
        if (!connection.Clock.End() || disposed || !connection.IsReusable)
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

    private Http1Connection? TakeIdle(long now)
    {
        while (idle.TryPop(out var connection))
        {
            if (connection.IdleUntil > now) return connection;
            connection.Dispose();
        }

        return null;
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
