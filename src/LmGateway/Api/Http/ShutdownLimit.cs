using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Http;

/// <summary>The time that running requests have when the service is stopped. What still runs after it is cut off, and told so.</summary>
internal sealed class ShutdownLimit(LiveSettings settings, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource over = new(Timeout.InfiniteTimeSpan, time);

    /// <summary>What a request that was cut off tells its caller.</summary>
    public static GatewayError Passed { get; } =
        new(ErrorCode.Draining, "The service was stopped before the answer was complete. Try again in a moment.") { RetryAfter = TimeSpan.FromSeconds(5) };

    /// <summary>Ends when the time is over.</summary>
    public CancellationToken Token => over.Token;

    /// <summary>The service stops now.</summary>
    public void Begin() => over.CancelAfter(TimeSpan.FromMilliseconds(settings.Current.Timeouts.ShutdownMs));

    public void Dispose() => over.Dispose();
}
