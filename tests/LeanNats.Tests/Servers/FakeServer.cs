using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LeanNats.Tests.Servers;

/// <summary>A server whose every word a test writes itself.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly List<FakeClient> clients = [];

    public FakeServer() => listener.Start();

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Someone waits to be accepted.</summary>
    public bool IsCalled => listener.Pending();

    public NatsOpts Opts => NatsOpts.Default with
    {
        Url = $"nats://127.0.0.1:{Port}",
        ConnectTimeout = NatsServer.Deadline,
        CommandTimeout = NatsServer.Deadline,
        RequestTimeout = NatsServer.Deadline,
        ReconnectWaitMin = TimeSpan.FromMilliseconds(1),
        ReconnectJitter = TimeSpan.Zero,
    };

    public async Task<FakeClient> AcceptAsync()
    {
        using var deadline = new CancellationTokenSource(NatsServer.Deadline);
        // A client that nobody held would be closed by the garbage collector in the middle of a test.
        var client = new FakeClient(await listener.AcceptTcpClientAsync(deadline.Token));
        lock (clients) clients.Add(client);
        return client;
    }

    /// <summary>Accepts a client and its CONNECT.</summary>
    public async Task<FakeClient> GreetAsync(string info = FakeClient.Info)
    {
        var client = await AcceptAsync();
        await client.GreetAsync(info);
        return client;
    }

    public ValueTask DisposeAsync()
    {
        listener.Dispose();
        lock (clients)
            foreach (var client in clients)
                client.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>The server's end of one connection.</summary>
internal sealed class FakeClient(TcpClient client) : IDisposable
{
    public const string Info = """{"server_id":"F","version":"2.9.10","proto":1,"headers":true,"max_payload":1048576}""";

    private readonly CancellationTokenSource deadline = new(NatsServer.Deadline);

    public Stream Stream { get; set; } = client.GetStream();

    /// <summary>The client's CONNECT line.</summary>
    public string Connect { get; private set; } = "";

    public async Task GreetAsync(string info = Info)
    {
        await SendAsync($"INFO {info} \r\n");
        await SignInAsync();
    }

    public async Task SignInAsync()
    {
        Connect = await ReadLineAsync();
        Assert.StartsWith("CONNECT {", Connect);
        Assert.Equal("PING", await ReadLineAsync());
        await SendAsync("PONG\r\n");
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await Stream.WriteAsync(bytes, deadline.Token);

    public async Task<string> ReadLineAsync()
    {
        var line = new List<byte>();
        while (!(line.Count > 1 && line[^2] == '\r' && line[^1] == '\n')) line.Add((await ReadAsync(1))[0]);
        return Encoding.UTF8.GetString([.. line], 0, line.Count - 2);
    }

    /// <summary>The next line that begins so; PINGs before it are answered.</summary>
    public async Task<string> ReadUntilAsync(string beginning)
    {
        while (true)
        {
            var line = await ReadLineAsync();
            if (line.StartsWith(beginning, StringComparison.Ordinal)) return line;
            if (line == "PING") await SendAsync("PONG\r\n");
        }
    }

    public async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        await Stream.ReadExactlyAsync(bytes, deadline.Token);
        return bytes;
    }

    /// <summary>Waits until the client closes its end.</summary>
    public async Task WaitForEndAsync()
    {
        var bytes = new byte[4096];
        try
        {
            while (await Stream.ReadAsync(bytes, deadline.Token) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Cut is an end too.
        }
    }

    /// <summary>Closes with a reset, as a broken network does.</summary>
    public void Cut()
    {
        client.LingerState = new LingerOption(true, 0);
        Dispose();
    }

    public void Dispose()
    {
        client.Dispose();
        deadline.Dispose();
    }
}
