using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace LmGateway.Tests.Backends.Wire;

/// <summary>A server that says to each connection exactly what a test's script tells it to.</summary>
internal sealed class SpokenServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Task accepting;
    private int accepted;
    private int requests;
    private int open;

    public SpokenServer()
    {
        listener.Start();
        accepting = AcceptAsync();
    }

    public Func<SpokenConnection, int, Task> Script { get; set; } = (_, _) => Task.CompletedTask;

    public string Authority => listener.LocalEndpoint.ToString()!;

    public int Accepted => Volatile.Read(ref accepted);

    public int Requests => Volatile.Read(ref requests);

    public int Open => Volatile.Read(ref open);

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await accepting;
        listener.Dispose();
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        var served = new List<Task>();
        try
        {
            while (true) served.Add(ServeAsync(await listener.AcceptTcpClientAsync(ending.Token), Interlocked.Increment(ref accepted) - 1));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(TcpClient client, int number)
    {
        Interlocked.Increment(ref open);
        try
        {
            using (client)
            await using (var stream = client.GetStream()) await Script(new SpokenConnection(stream, () => Interlocked.Increment(ref requests)), number);
        }
        catch (IOException)
        {
            // The other side has gone.
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    }
}

/// <summary>One connection as the server sees it.</summary>
internal sealed class SpokenConnection(NetworkStream stream, Action heard)
{
    private string unread = "";

    public string Head { get; private set; } = "";

    public string Body { get; private set; } = "";

    /// <summary>Reads a request; false where the connection ends instead.</summary>
    public async Task<bool> RequestAsync()
    {
        var text = new StringBuilder(unread);
        var buffer = new byte[64 * 1024];
        var needed = int.MaxValue;
        while (text.Length < needed)
        {
            var read = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken);
            if (read == 0) return false;
            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
            if (needed != int.MaxValue || text.ToString().IndexOf("\r\n\r\n", StringComparison.Ordinal) is not (var end and > 0)) continue;
            Head = text.ToString(0, end);
            var length = Head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal));
            needed = end + 4 + int.Parse(length?["Content-Length: ".Length..] ?? "0");
        }

        Body = text.ToString(Head.Length + 4, needed - Head.Length - 4);
        unread = text.ToString(needed, text.Length - needed);
        heard();
        return true;
    }

    public async Task SayAsync(string text) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text), TestContext.Current.CancellationToken);

    /// <summary>A connection that is given up ends, or is reset where something lay unread.</summary>
    public async Task UntilGoneAsync()
    {
        try
        {
            await RequestAsync();
        }
        catch (IOException)
        {
            // Reset.
        }
    }

    /// <summary>Answers what it has not read, and reads on only until the other side goes away.</summary>
    public async Task RefuseAsync(string text)
    {
        await stream.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken);
        await SayAsync(text);
        while (await stream.ReadAsync(new byte[4096], TestContext.Current.CancellationToken) > 0) heard();
    }
}
