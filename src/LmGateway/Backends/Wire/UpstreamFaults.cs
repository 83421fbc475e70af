using System.Net.Http;
using System.Net.Sockets;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>What the faults of a connection to a backend mean to the gateway's callers.</summary>
internal sealed class UpstreamFaults(UpstreamSettings settings)
{
    private readonly string root = settings.Address.GetLeftPart(UriPartial.Path).TrimEnd('/');

    /// <summary>What to throw for a fault in the middle of an exchange: the caller's own cancellation, or the gateway's error.</summary>
    /// <param name="fault">What was thrown.</param>
    /// <param name="expired">The limit that ran out, if one did.</param>
    /// <param name="callers">The caller's token.</param>
    public Exception Of(Exception fault, TimeSpan? expired, CancellationToken callers)
    {
        if (callers.IsCancellationRequested) return new OperationCanceledException(callers);
        return new GatewayException(ErrorOf(fault, expired), fault);
    }

    /// <summary>A connection that could not be made: nothing was sent.</summary>
    public static bool IsNothingSent(Exception? fault) =>
        fault is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError };

    private GatewayError ErrorOf(Exception fault, TimeSpan? expired)
    {
        if (expired is { } limit)
            return Error(ErrorCode.BackendTimeout, $"timeout of {limit.TotalMilliseconds:0}ms exceeded: {settings.Program} did not answer in time. A longer limit can be set (timeouts.request, timeouts.stream, timeouts.stream_idle, chat.timeout_seconds).");
        return fault switch
        {
            GatewayException known => known.Error,
            OperationCanceledException => Error(ErrorCode.BackendUnreachable, $"Connecting to {settings.Program} at {root} took longer than {settings.ConnectTimeout.TotalMilliseconds:0} ms.") with { Reason = "No answer" },
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } refused =>
                Unreachable(Reason(refused)),
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded }
                or HttpIOException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded } =>
                Error(ErrorCode.BackendFault, $"{settings.Program} at {root} answered with something that is not HTTP."),
            _ => Error(ErrorCode.BackendUnreachable, $"{settings.Program} at {root} closed the connection before its answer was complete."),
        };
    }

    private static string Reason(HttpRequestException fault) =>
        fault.InnerException is SocketException socket ? SocketReason(socket) : fault.HttpRequestError.ToString();

    private static string SocketReason(SocketException socket) => socket.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.TimedOut => "no answer",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "the host name is not known",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no way to that address",
        var other => other.ToString(),
    };

    private GatewayError Unreachable(string reason) =>
        Error(ErrorCode.BackendUnreachable, $"{settings.Program} cannot be reached at {root}: {reason}. Is it running, and is its server started?") with
        {
            Reason = char.ToUpperInvariant(reason[0]) + reason[1..],
        };

    private GatewayError Error(ErrorCode code, string message) => new(code, message) { Backend = settings.Backend };
}
