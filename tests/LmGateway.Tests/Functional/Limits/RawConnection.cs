using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LmGateway.Tests.Functional.Limits;

/// <summary>A caller that minds no rules.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient client = new();

    private NetworkStream? stream;

    public NetworkStream Stream => stream!;

    public static async Task<RawConnection> OpenAsync(Uri address, int receiveBuffer = 0)
    {
        var connection = new RawConnection();
        if (receiveBuffer > 0) connection.client.ReceiveBufferSize = receiveBuffer;
        await connection.client.ConnectAsync(IPAddress.Loopback, address.Port);
        connection.stream = connection.client.GetStream();
        return connection;
    }

    public Task SendAsync(string text) => Stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask();

    public Task SendAsync(byte[] bytes) => Stream.WriteAsync(bytes).AsTask();

    /// <summary>Says that nothing more will come.</summary>
    public void EndSending() => client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>What comes first.</summary>
    public async Task<string> ReadOnceAsync()
    {
        var buffer = new byte[4096];
        return Encoding.Latin1.GetString(buffer, 0, await Stream.ReadAsync(buffer));
    }

    /// <summary>Everything until the other side closes, however it does.</summary>
    public async Task<string> ReadToEndAsync()
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await Stream.ReadAsync(buffer) is > 0 and var read) text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        catch (IOException)
        {
            // It was cut.
        }

        return text.ToString();
    }

    public void Dispose() => client.Dispose();

    /// <summary>The head and body of a POST.</summary>
    public static string Post(Uri address, string path, string body, string more = "") =>
        $"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n{more}\r\n{body}";
}
