using System.Net;
using System.Net.Sockets;

namespace LmGateway.Tests.Functional.Transfers;

/// <summary>Stands before a server that may go and come back, and lets only so many bytes of its answers through.</summary>
internal sealed class RationedProxy : IAsyncDisposable
{
    private const int Block = 64 * 1024;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource lifetime = new();
    private readonly Lock changing = new();
    private readonly int target;
    private readonly Task accepting;
    private long ration;
    private long passed;
    private TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RationedProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public string Url => $"nats://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>Bytes of the server's answers that came through.</summary>
    public long Passed
    {
        get
        {
            lock (changing) return passed;
        }
    }

    /// <summary>From now on so many bytes in all may have come through.</summary>
    public void AllowUpTo(long bytes)
    {
        lock (changing)
        {
            ration = bytes;
            more.SetResult();
            more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await lifetime.CancelAsync();
        listener.Dispose();
        await accepting;
        lifetime.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(ServeAsync(await listener.AcceptTcpClientAsync(lifetime.Token)));
        }
        catch (Exception end) when (end is OperationCanceledException or InvalidOperationException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient near)
    {
        using var far = new TcpClient { NoDelay = true };
        using (near)
        {
            try
            {
                await far.ConnectAsync(IPAddress.Loopback, target, lifetime.Token);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(lifetime.Token);
                var (asking, answering) = (near.GetStream().CopyToAsync(far.GetStream(), either.Token), AnswerAsync(far.GetStream(), near.GetStream(), either.Token));
                await Task.WhenAny(asking, answering);
                await either.CancelAsync();
                await Task.WhenAll(asking, answering);
            }
            catch (Exception end) when (end is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                // One of them is gone, and so is the other.
            }
        }
    }

    private async Task AnswerAsync(NetworkStream from, NetworkStream to, CancellationToken cancellationToken)
    {
        var block = new byte[Block];
        while (await from.ReadAsync(block, cancellationToken) is > 0 and var count)
        {
            await TakeAsync(count, cancellationToken);
            await to.WriteAsync(block.AsMemory(0, count), cancellationToken);
        }
    }

    private async Task TakeAsync(int count, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wait;
            lock (changing)
            {
                if (passed < ration)
                {
                    passed += count;
                    return;
                }

                wait = more.Task;
            }

            await wait.WaitAsync(cancellationToken);
        }
    }
}
