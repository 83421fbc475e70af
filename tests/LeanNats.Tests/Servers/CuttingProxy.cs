using System.Net;
using System.Net.Sockets;

namespace LeanNats.Tests.Servers;

/// <summary>Stands between a client and a server and cuts their connections when told.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource lifetime = new();
    private readonly List<TcpClient> ends = [];
    private readonly int target;
    private readonly Task accepting;

    public CuttingProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public string Url => $"nats://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>Cuts every connection with a reset; what is on the way is lost.</summary>
    public void Cut()
    {
        lock (ends)
        {
            foreach (var end in ends)
            {
                try
                {
                    end.LingerState = new LingerOption(true, 0);
                }
                catch (Exception e) when (e is SocketException or InvalidOperationException or NullReferenceException)
                {
                    // Already closed by its other side.
                }

                end.Dispose();
            }

            ends.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await lifetime.CancelAsync();
        listener.Dispose();
        Cut();
        await accepting;
        lifetime.Dispose();
    }

    private async Task AcceptAsync()
    {
        var pumps = new List<Task>();
        try
        {
            while (true)
            {
                var near = await listener.AcceptTcpClientAsync(lifetime.Token);
                var far = new TcpClient { NoDelay = true };
                near.NoDelay = true;
                await far.ConnectAsync(IPAddress.Loopback, target, lifetime.Token);
                var (nearStream, farStream) = (near.GetStream(), far.GetStream());
                lock (ends) ends.AddRange([near, far]);
                pumps.Add(PumpAsync(nearStream, farStream));
                pumps.Add(PumpAsync(farStream, nearStream));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            await Task.WhenAll(pumps);
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to)
    {
        try
        {
            await from.CopyToAsync(to, lifetime.Token);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // Cut.
        }

        from.Close();
        to.Close();
    }
}
