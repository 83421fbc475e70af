using System.Globalization;
using System.Net;
using System.Net.Sockets;
using LmGateway.Configuration;

namespace LmGateway.Cli.Doctor;

/// <summary>An address to listen on: free, taken by this service itself, or by whom.</summary>
internal sealed class PortCheck(ListenAddress address, Neighbours neighbours)
{
    private readonly string check = $"port {address.Port.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Where to ask a service that listens here.</summary>
    public Uri Local => new(address.IsEveryInterface || address.Host == "localhost" ? $"http://127.0.0.1:{address.Port}" : address.ToString());

    public async Task<Finding> RunAsync(CancellationToken cancellationToken)
    {
        if (address.Port == 0) return Finding.Ok(check, "A free port is taken at the start.");
        var fault = Bind();
        if (fault is null) return Finding.Ok(check, $"{address} is free.");
        if (fault == SocketError.AccessDenied)
            return new Finding(check, FindingLevel.Broken, "port_denied", $"This user may not listen on {address}.", "Choose a port above 1023: PORT=8000; or let the program: setcap cap_net_bind_service=+ep on it");
        if (fault == SocketError.AddressNotAvailable)
            return new Finding(check, FindingLevel.Broken, "address_not_here", $"{address.Host} is no address of this machine.", "Set HOST to one of its addresses, or to 0.0.0.0 for all of them");
        if (await RunningService.IsThereAsync(Local, neighbours, cancellationToken))
            return new Finding(check, FindingLevel.Ok, "service_running", $"This service runs already, at {Local.ToString().TrimEnd('/')}.");
        var owner = PortOwner.Find(address.Port) is { } known ? $" by {known}" : "";
        return new Finding(check, FindingLevel.Broken, "port_in_use", $"{address} is in use{owner}.", $"Stop that program, or choose another port: PORT={address.Port + 1} (or --port {address.Port + 1})");
    }

    /// <summary>Tries what the service would do, and lets go again at once.</summary>
    private SocketError? Bind()
    {
        var ip = address.Address ?? (address.IsEveryInterface ? IPAddress.Any : IPAddress.Loopback);
        using var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // Connections that a service before this one has closed do not count, as they do not for the service.
            if (!OperatingSystem.IsWindows()) socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            else socket.ExclusiveAddressUse = true;
            socket.Bind(new IPEndPoint(ip, address.Port));
            socket.Listen(1);
            return null;
        }
        catch (SocketException fault)
        {
            return fault.SocketErrorCode;
        }
    }
}
