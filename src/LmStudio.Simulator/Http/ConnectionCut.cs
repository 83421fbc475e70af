using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace LmStudio.Simulator.Http;

/// <summary>Ends a connection without a good-bye.</summary>
internal static class ConnectionCut
{
    /// <summary>The time that the server needs to hand flushed bytes to the kernel, many times over.</summary>
    private static readonly TimeSpan TransportGrace = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a caller may keep its end of a cut connection open.</summary>
    private static readonly TimeSpan CloseGrace = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Ends the connection in the middle of the body as a killed process does: what was sent still arrives, nothing follows.
    /// An abort would make the kernel throw away what the caller has not read yet.
    /// </summary>
    public static async Task AsKilledAsync(HttpContext context, CancellationToken gone)
    {
        await Task.Delay(TransportGrace, TimeProvider.System, gone);
        context.Features.Get<IConnectionSocketFeature>()?.Socket.Shutdown(SocketShutdown.Send);
        await Task.Delay(CloseGrace, TimeProvider.System, gone);
        context.Abort();
    }
}
