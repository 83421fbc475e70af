using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Http;

/// <summary>
/// The stop of the service: from its beginning nothing new is taken on, and what runs has a time to end in. What still runs after it is cut off,
/// and told so.
/// </summary>
internal sealed class ShutdownLimit(LiveSettings settings, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan SoonEnough = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource begun = new();

    /// <summary>One for each processor, so that requests which begin at the same time do not wait for one another to register.</summary>
    private readonly CancellationTokenSource[] over = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new CancellationTokenSource(Timeout.InfiniteTimeSpan, time))];

    private readonly RequestEndings endings = new();

    /// <summary>What a request that was cut off tells its caller.</summary>
    public static GatewayError Passed { get; } =
        new(ErrorCode.Draining, "The service was stopped before the answer was complete. Try again in a moment.") { RetryAfter = SoonEnough };

    /// <summary>What a request is told that comes after the beginning.</summary>
    public static GatewayError Stopping { get; } = new(ErrorCode.Draining, "The service is stopping. Try again in a moment.") { RetryAfter = SoonEnough };

    /// <summary>Ends when the stop begins.</summary>
    public CancellationToken Begun => begun.Token;

    /// <summary>The time is over, also for those whose token ends only now.</summary>
    public bool IsOver => Array.Exists(over, source => source.IsCancellationRequested);

    /// <summary>Ends when the time is over. A request over HTTP has <see cref="Follow"/>.</summary>
    public CancellationToken Token => over[Thread.GetCurrentProcessorId() % over.Length].Token;

    /// <summary>A token for a request, which ends with its caller's too. To be disposed of with the request.</summary>
    public RequestEnding Follow(CancellationToken caller) => endings.Begin(caller);

    /// <summary>The service stops now. Only the first call counts.</summary>
    public void Begin()
    {
        if (begun.IsCancellationRequested) return;
        over[0].Token.UnsafeRegister(static state => ((RequestEndings)state!).EndAll(), endings);
        Array.ForEach(over, source => source.CancelAfter(TimeSpan.FromMilliseconds(settings.Current.Timeouts.ShutdownMs)));
        begun.Cancel();
    }

    public void Dispose()
    {
        begun.Dispose();
        Array.ForEach(over, source => source.Dispose());
    }
}
