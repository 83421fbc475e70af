using System.Runtime.CompilerServices;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>A reply on a connection of the gateway's own. Disposing it gives the connection back, or closes it where the reply is not at its end.</summary>
/// <param name="connection">Where it arrives.</param>
/// <param name="pool">Where the connection returns to.</param>
/// <param name="leaving">Aborts the connection when the caller leaves.</param>
/// <param name="caller">The token of that.</param>
internal sealed class Http1Reply(Http1Connection connection, Http1Pool pool, CancellationTokenRegistration leaving, CancellationToken caller) : ExchangeReply
{
    private readonly ReplyHead head = connection.Head;

    private IReadOnlyList<Header>? headers;
    private int disposed;

    public override int Status => head.Status;

    public override string? ContentType => head.ContentType;

    public override IReadOnlyList<Header> Headers => headers ??= ReplyHead.Headers(connection.HeadBytes);

    public override bool TryTakeWhole(out ReadOnlyMemory<byte> body)
    {
        try
        {
            return connection.TryTakeWhole(out body);
        }
        catch (HttpIOException broken)
        {
            throw pool.Fault(broken, connection, caller);
        }
    }

    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> Blocks([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reading = cancellationToken == caller ? default : cancellationToken.UnsafeRegister(static state => ((Http1Connection)state!).Abort(), connection);
        while (true)
        {
            ReadOnlyMemory<byte> block;

            // Once the reply is let go the connection may be another exchange's.
            ObjectDisposedException.ThrowIf(Volatile.Read(ref disposed) != 0, this);
            try
            {
                while (!connection.TryTake(out block)) connection.NoteReceived(await connection.ReceiveAsync());
                connection.Clock.Touch();
            }
            catch (Exception fault)
            {
                throw pool.Fault(fault, connection, caller.IsCancellationRequested ? caller : cancellationToken);
            }

            if (block.IsEmpty) yield break;
            yield return block;
        }
    }

    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return ValueTask.CompletedTask;
        leaving.Dispose();
        pool.Return(connection);
        return ValueTask.CompletedTask;
    }
}
