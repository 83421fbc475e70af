using System.Runtime.CompilerServices;
using LmStudio.Client.Sockets;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Namespaces;

/// <summary>LM Studio's log: <c>/diagnostics</c>.</summary>
public sealed class DiagnosticsNamespace
{
    private readonly NamespaceSocket socket;

    internal DiagnosticsNamespace(NamespaceSocket socket) => this.socket = socket;

    /// <summary>Events from now on, until the token is cancelled or the connection is lost. There is no history.</summary>
    public async IAsyncEnumerable<LogEvent> StreamLogsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = new SocketRequest("streamLogs") { CancelWord = "stop", IdleTimeout = Timeout.InfiniteTimeSpan };
        var channel = await socket.OpenChannelAsync(request, cancellationToken).ConfigureAwait(false);
        await using var disposal = channel.ConfigureAwait(false);
        await foreach (var message in channel.ReadAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false))
            if (LogEvent.TryRead(message) is { } happened)
                yield return happened;
    }
}
