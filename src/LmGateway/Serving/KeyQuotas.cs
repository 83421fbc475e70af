using System.Collections.Concurrent;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>One limit of a key, what is left of it, and when all of it will be there again.</summary>
internal readonly record struct QuotaPart(long Limit, long Left, TimeSpan Reset);

/// <summary>What a key has left: of its requests, and of its tokens, those of the minute or those of the day, whichever are fewer. Null for no limit.</summary>
internal sealed record QuotaState(QuotaPart? Requests, QuotaPart? Tokens);

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

    /// <summary>A request has ended. Where the backend told no usage, or none but zeros as LM Studio does of embeddings, what it may have been is counted.</summary>
    public void Note(CallContext call, Usage? usage, Func<Usage> estimate)
    {
        if (call.Grant is { CountsTokens: true } grant) MeterOf(grant).Note((usage is { TotalTokens: > 0 } told ? told : estimate()).TotalTokens, time.GetUtcNow());
    }

    /// <summary>Null for a key without limits.</summary>
    public QuotaState? StateOf(KeyGrant? grant) => grant is { IsLimited: true } ? MeterOf(grant).State(grant, time.GetUtcNow()) : null;

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
                var (nextMinute, nextDay) = (minute.AddMinutes(1) - now, day.AddDays(1) - now);
                var (ofMinute, ofDay) = (Part(grant.TokensPerMinute, tokens, nextMinute), Part(grant.TokensPerDay, dayTokens, nextDay));
                return new QuotaState(Part(grant.RequestsPerMinute, requests, nextMinute), ofDay?.Left < ofMinute?.Left ? ofDay : ofMinute ?? ofDay);
            }
        }

        private static QuotaPart? Part(long? limit, long used, TimeSpan reset) => limit is { } most ? new QuotaPart(most, Math.Max(0, most - used), reset) : null;

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
