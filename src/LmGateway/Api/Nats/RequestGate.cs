using LmGateway.Api.Http;
using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Nats;

/// <summary>
/// How many requests are worked on at the same time, and how much memory they hold. Inference has its places and everything else its own,
/// so that models can be listed and unloaded however many chats wait.
/// </summary>
internal sealed class RequestGate(LiveSettings settings, BodyBudget budget)
{
    private static readonly TimeSpan SoonEnough = TimeSpan.FromSeconds(1);

    private readonly int[] taken = new int[2];

    /// <summary>A place until the returned mark is disposed of. Throws <see cref="ErrorCode.Overloaded"/> where there is none.</summary>
    public IDisposable Enter(bool isInference, int bytes)
    {
        if (bytes > budget.LargestBody) throw budget.TooLarge();
        ref var count = ref taken[isInference ? 1 : 0];
        if (Interlocked.Increment(ref count) > settings.Current.Nats.MaxRequests)
        {
            Interlocked.Decrement(ref count);
            throw new GatewayException(new GatewayError(ErrorCode.Overloaded, $"{settings.Current.Nats.MaxRequests} requests are worked on already; try again shortly. The limit is the setting nats.max_requests.") { Limit = "nats.max_requests", RetryAfter = SoonEnough });
        }

        if (budget.TryTake(bytes)) return new Place(budget, taken, isInference ? 1 : 0, bytes) { Use = settings.Enter() };
        Interlocked.Decrement(ref count);
        throw budget.Exhausted();
    }

    private sealed class Place(BodyBudget budget, int[] taken, int kind, int bytes) : IDisposable
    {
        private int left;

        public required SettingsUse Use { get; init; }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref left, 1) != 0) return;
            Use.Dispose();
            budget.Release(bytes);
            Interlocked.Decrement(ref taken[kind]);
        }
    }
}
