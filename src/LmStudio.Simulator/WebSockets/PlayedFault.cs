using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.WebSockets;

/// <summary>A fault at work in one call or channel: it strikes once, before the message that comes after so many others.</summary>
internal sealed class PlayedFault(Fault fault, FrameSocket socket)
{
    /// <summary>Messages that come before the work itself and are not counted.</summary>
    private static readonly string[] Preliminary = ["promptProcessingProgress", "resolved", "startLoading", "planUpdated", "planReady"];

    private int _passed;

    /// <summary>Called before each message of a channel, or once (with no type) before the answer of a call.</summary>
    /// <exception cref="ProtocolException">The fault is an error for the caller.</exception>
    public async Task BeforeAsync(string? messageType, CancellationToken cancellationToken)
    {
        if (Preliminary.Contains(messageType) || _passed++ != (messageType is null ? 0 : fault.Tokens)) return;
        switch (fault.Kind)
        {
            case FaultKind.Stall:
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                break;
            case FaultKind.ResetBeforeHeaders:
                socket.Abort();
                break;
            case FaultKind.ResetAfterTokens:
                await socket.CutAsync(cancellationToken);
                break;
            case FaultKind.MalformedEvent:
                await socket.SendTextAsync("{\"type\":\"channel", cancellationToken);
                break;
            default:
                throw new ProtocolException(new ProtocolError(fault.Message ?? "The model has crashed without additional information."));
        }
    }
}
