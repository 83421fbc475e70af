using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace LmGateway.Tests.Functional;

/// <summary>The sockets of this process, as the kernel lists them: the service under test runs in it, and nobody has to hand its sockets out.</summary>
internal static class LiveSocket
{
    /// <summary>Whether what is written to this connection over IPv4 goes out at once, by the kernel's word.</summary>
    /// <param name="near">This process's end of it.</param>
    /// <param name="far">The end of the one who is connected.</param>
    public static bool NoDelay(EndPoint near, EndPoint far)
    {
        using var handle = new SafeSocketHandle(DescriptorOf(Inode((IPEndPoint)near, (IPEndPoint)far)), ownsHandle: false);
        using var socket = new Socket(handle);
        return socket.NoDelay;
    }

    /// <summary>
    /// The tables' columns: number, own address, far address, state, queues, timer, retransmissions, user, timeout, inode. An IPv4 connection of a
    /// socket for both kinds is in the second table, and its addresses end as those of the first.
    /// </summary>
    private static string Inode(IPEndPoint near, IPEndPoint far)
    {
        foreach (var line in File.ReadLines("/proc/self/net/tcp").Concat(File.ReadLines("/proc/self/net/tcp6")))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields[1].EndsWith(Text(near), StringComparison.Ordinal) && fields[2].EndsWith(Text(far), StringComparison.Ordinal)) return fields[9];
        }

        throw new InvalidOperationException($"There is no connection from {near} to {far}.");
    }

    private static string Text(IPEndPoint end) =>
        string.Create(CultureInfo.InvariantCulture, $"{BitConverter.ToUInt32(end.Address.MapToIPv4().GetAddressBytes()):X8}:{end.Port:X4}");

    private static nint DescriptorOf(string inode)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
            if (new FileInfo(path).LinkTarget == $"socket:[{inode}]") return nint.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture);
        throw new InvalidOperationException($"No descriptor of this process is socket {inode}.");
    }
}
