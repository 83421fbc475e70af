using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LmGateway.Tests.Functional.Nats;

/// <summary>A caller of the oldest kind: it speaks the protocol by hand and knows no headers.</summary>
internal static class RawCaller
{
    /// <summary>The payload of the one reply.</summary>
    public static async Task<string> RequestAsync(int port, string subject, string payload)
    {
        using var deadline = new CancellationTokenSource(NatsUnderTest.Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, deadline.Token);
        var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.UTF8);
        await reader.ReadLineAsync(deadline.Token);
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"CONNECT {{\"verbose\":false,\"headers\":false}}\r\nSUB here 1\r\nPUB {subject} here {Encoding.UTF8.GetByteCount(payload)}\r\n{payload}\r\n"), deadline.Token);
        while (await reader.ReadLineAsync(deadline.Token) is { } line)
            if (line.StartsWith("MSG here ", StringComparison.Ordinal)) return (await reader.ReadLineAsync(deadline.Token))!;
        throw new InvalidOperationException("The server closed the connection.");
    }
}
