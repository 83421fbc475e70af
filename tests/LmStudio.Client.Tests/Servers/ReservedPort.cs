using System.Net;
using System.Net.Sockets;

namespace LmStudio.Client.Tests.Servers;

/// <summary>A port that nobody else gets and that refuses connections, until a server takes it over.</summary>
internal sealed class ReservedPort : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ReservedPort() => socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)socket.LocalEndPoint!).Port}");

    public ulong Handle => (ulong)socket.Handle;

    public void Dispose() => socket.Dispose();
}
