using System.Runtime.CompilerServices;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Mock;

/// <summary>A reply that is made here, piece by piece at its pace, within the limits that a real one would have.</summary>
internal sealed class MockReply(IEnumerable<byte[]> pieces, TimeSpan pace, string contentType, MockPatience patience) : ExchangeReply
{
    public override int Status => 200;

    public override string? ContentType => contentType;

    public override IReadOnlyList<Header> Headers => [];

    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> Blocks([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var first = true;
        foreach (var piece in pieces)
        {
            if (!first) await patience.PauseAsync(pace, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            first = false;
            yield return piece;
        }
    }

    public override ValueTask DisposeAsync()
    {
        patience.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Waits as slowly as a file asks for, and no longer than a request allows.</summary>
internal sealed class MockPatience(ReplyLimits limits, TimeProvider time) : IDisposable
{
    public async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        if (pause == TimeSpan.Zero) return;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(limits.Token, cancellationToken);
        try
        {
            await Task.Delay(pause, time, ending.Token);
            limits.Touch();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new GatewayException(new GatewayError(ErrorCode.BackendTimeout, $"timeout of {limits.Expired?.TotalMilliseconds:0}ms exceeded: the mock answers later than that.") { Backend = "mock" });
        }
    }

    public void Dispose() => limits.Dispose();
}
