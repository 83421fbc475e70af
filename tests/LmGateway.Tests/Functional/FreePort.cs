using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace LmGateway.Tests.Functional;

/// <summary>A port on which nobody listens, below the range from which the system hands ports out, so that it stays free until it is used.</summary>
internal static class FreePort
{
    public static int Next()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(10_000, 30_000);
            try
            {
                using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken; another one will do.
            }
        }
    }
}
