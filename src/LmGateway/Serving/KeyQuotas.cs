using System.Collections.Concurrent;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>How much of its limits a key has left in this minute.</summary>
internal sealed record QuotaState(KeyGrant Grant, long Requests, long Tokens, TimeSpan Reset)
{
    public long? RequestsLeft => Grant.RequestsPerMinute is { } limit ? Math.Max(0, limit - Requests) : null;

    public long? TokensLeft => Grant.TokensPerMinute is { } limit ? Math.Max(0, limit - Tokens) : null;
}

/// <summary>
/// Holds the keys to their limits: requests and tokens of a minute, tokens of a day (in UTC). Tokens are known when a request has ended, so the
/// one that passes a limit is still answered, and the next is refused. What was used is forgotten at a restart.
/// </summary>
internal sealed class KeyQuotas(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Meter> meters = new(StringComparer.Ordinal);

    /// <summary>Counts a request. Throws <see cref="ErrorCode.RateLimited"/> where the key has used up a limit.</summary>
    public void Admit(CallContext call)
    {
        if (call.Grant is { IsLimited: true } grant) MeterOf(grant).Admit(grant, time.GetUtcNow());
    }

    /// <summary>A request has ended.</summary>
    public void Note(CallContext call, Usage? usage)
    {
        if (usage is { } used && call.Grant is { IsLimited: true } grant) MeterOf(grant).Note(used.TotalTokens, time.GetUtcNow());
    }

    /// <summary>Null for a key without limits.</summary>
    public QuotaState? StateOf(CallContext call) => call.Grant is { IsLimited: true } grant ? MeterOf(grant).State(grant, time.GetUtcNow()) : null;

    private Meter MeterOf(KeyGrant grant) => meters.GetOrAdd(grant.Name, static _ => new Meter());

    /// <summary>What one key has used. Its lock is its own.</summary>
    private sealed class Meter
    {
        private readonly Lock turning = new();
        private DateTimeOffset minute;
        private DateTimeOffset day;
        private long requests;
        private long tokens;
        private long dayTokens;

        public void Admit(KeyGrant grant, DateTimeOffset now)
        {
            lock (turning)
            {
                Turn(now);
                if (grant.TokensPerDay <= dayTokens) throw Exceeded(grant, $"{grant.TokensPerDay} tokens of this day", day.AddDays(1) - now);
                if (grant.TokensPerMinute <= tokens) throw Exceeded(grant, $"{grant.TokensPerMinute} tokens of this minute", minute.AddMinutes(1) - now);
                if (grant.RequestsPerMinute <= requests) throw Exceeded(grant, $"{grant.RequestsPerMinute} requests of this minute", minute.AddMinutes(1) - now);
                requests++;
            }
        }

        public void Note(int used, DateTimeOffset now)
        {
            lock (turning)
            {
                Turn(now);
                tokens += used;
                dayTokens += used;
            }
        }

        public QuotaState State(KeyGrant grant, DateTimeOffset now)
        {
            lock (turning)
            {
                Turn(now);
                return new QuotaState(grant, requests, tokens, minute.AddMinutes(1) - now);
            }
        }

        private void Turn(DateTimeOffset now)
        {
            var utc = now.UtcDateTime;
            var (thisMinute, thisDay) = (new DateTimeOffset(utc.Ticks - (utc.Ticks % TimeSpan.TicksPerMinute), TimeSpan.Zero), new DateTimeOffset(utc.Date, TimeSpan.Zero));
            if (thisMinute != minute) (minute, requests, tokens) = (thisMinute, 0, 0);
            if (thisDay != day) (day, dayTokens) = (thisDay, 0);
        }

        private static GatewayException Exceeded(KeyGrant grant, string what, TimeSpan wait) =>
            new(new GatewayError(ErrorCode.RateLimited, $"The key '{grant.Name}' has used the {what}. Try again in {Math.Ceiling(wait.TotalSeconds)} s.") { RetryAfter = wait });
    }
}
