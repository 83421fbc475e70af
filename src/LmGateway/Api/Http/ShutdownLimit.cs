using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Http;

/// <summary>The time that running requests have when the service is stopped. What still runs after it is cut off, and told so.</summary>
internal sealed class ShutdownLimit(LiveSettings settings, TimeProvider time) : IDisposable
{
    /// <summary>One for each processor, so that requests which begin at the same time do not wait for one another to register.</summary>
    private readonly CancellationTokenSource[] over = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new CancellationTokenSource(Timeout.InfiniteTimeSpan, time))];

    /// <summary>What a request that was cut off tells its caller.</summary>
    public static GatewayError Passed { get; } =
        new(ErrorCode.Draining, "The service was stopped before the answer was complete. Try again in a moment.") { RetryAfter = TimeSpan.FromSeconds(5) };

    /// <summary>The time is over, also for those whose token ends only now.</summary>
    public bool IsOver => Array.Exists(over, source => source.IsCancellationRequested);

    /// <summary>Ends when the time is over.</summary>
    public CancellationToken Token => over[Thread.GetCurrentProcessorId() % over.Length].Token;

    /// <summary>The service stops now.</summary>
    public void Begin() => Array.ForEach(over, source => source.CancelAfter(TimeSpan.FromMilliseconds(settings.Current.Timeouts.ShutdownMs)));

    public void Dispose() => Array.ForEach(over, source => source.Dispose());
}
