using System.Runtime.CompilerServices;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>A reply on a connection of the gateway's own. Disposing it gives the connection back, or closes it where the reply is not at its end.</summary>
internal sealed class Http1Reply(Http1Connection connection, CancellationTokenRegistration abort, Http1Pool pool, ReplyLimits limits, HttpUpstream upstream) : ExchangeReply
{
    private readonly ReplyHead head = connection.Head;

    private IReadOnlyList<Header>? headers;
    private int disposed;

    public override int Status => head.Status;

    public override string? ContentType => head.ContentType;

    public override IReadOnlyList<Header> Headers => headers ??= ReplyHead.Headers(connection.HeadBytes);

    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> Blocks([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var leave = limits.IsCaller(cancellationToken) ? default : cancellationToken.UnsafeRegister(static state => ((Http1Connection)state!).Abort(), connection);
        while (true)
        {
            var block = await ReadAsync(cancellationToken);
            if (block.IsEmpty) yield break;
            yield return block;
        }
    }

    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return ValueTask.CompletedTask;
        abort.Dispose();
        limits.Dispose();
        pool.Return(connection);
        upstream.Release();
        return ValueTask.CompletedTask;
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        // Afterwards the connection may be another exchange's.
        ObjectDisposedException.ThrowIf(Volatile.Read(ref disposed) != 0, this);
        try
        {
            var block = await connection.ReadAsync();
            limits.Arm();
            return block;
        }
        catch (Exception fault)
        {
            limits.NoteExpiry(cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            if (upstream.Failure(fault, limits, cancellationToken) is { } error) throw new GatewayException(error, fault);
            throw;
        }
    }
}
