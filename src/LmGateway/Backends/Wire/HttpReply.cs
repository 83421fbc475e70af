using System.Buffers;
using System.Runtime.CompilerServices;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>A reply that arrives over HTTP.</summary>
internal sealed class HttpReply(HttpResponseMessage response, ReplyLimits limits, UpstreamFaults faults, ExchangeCount count) : ExchangeReply
{
    private const int BlockBytes = 16 * 1024;

    private IReadOnlyList<Header>? headers;
    private Stream? body;
    private int disposed;

    public override int Status => (int)response.StatusCode;

    public override string? ContentType => response.Content.Headers.TryGetValues("Content-Type", out var values) ? values.FirstOrDefault() : null;

    public override IReadOnlyList<Header> Headers => headers ??=
    [
        .. from header in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
           from value in header.Value
           select new Header(header.Key, value),
    ];

    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> Blocks([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            using var leave = cancellationToken.UnsafeRegister(static state => ((HttpResponseMessage)state!).Dispose(), response);
            while (true)
            {
                var read = await ReadAsync(buffer, cancellationToken);
                if (read == 0) yield break;
                yield return buffer.AsMemory(0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return ValueTask.CompletedTask;
        response.Dispose();
        limits.Dispose();
        count.Leave();
        return ValueTask.CompletedTask;
    }

    private async ValueTask<int> ReadAsync(byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            body ??= await response.Content.ReadAsStreamAsync(limits.Token);
            var read = await body.ReadAsync(buffer, limits.Token);
            if (read == 0) cancellationToken.ThrowIfCancellationRequested();      // a reply that was disposed of looks like one that has ended
            limits.Touch();
            return read;
        }
        catch (Exception fault)
        {
            throw faults.Of(fault, limits.Expired, cancellationToken);
        }
    }
}
