using System.Collections.Concurrent;
using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>
/// Lets requests for inference in, whatever API they come by, as long as there is room: in all and for one caller, for streams too, and in memory.
/// Whoever is let in holds its place until it ends.
/// </summary>
internal sealed class Admission(LiveSettings settings, MemoryWatch memory)
{
    private static readonly TimeSpan SoonEnough = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Count> callers = new(StringComparer.Ordinal);
    private readonly Count all = new();

    /// <summary>Requests and streams that are let in now.</summary>
    public (int Requests, int Streams) Held => (all.Requests, all.Streams);

    /// <summary>A place, until it is disposed of. Throws <see cref="ErrorCode.Overloaded"/>, or <see cref="ErrorCode.RateLimited"/> where one caller has too many.</summary>
    public IDisposable Enter(CallContext call, bool streamed)
    {
        var limits = settings.Current.Limits;
        if (memory.IsShort) throw Refused(ErrorCode.Overloaded, "limits.memory_percent", $"The service uses more than {limits.MemoryPercent} % of its memory.");
        if (!all.TryTake(limits.Requests, streamed ? limits.Streams : null, out var streams))
            throw streams
                ? Refused(ErrorCode.Overloaded, "limits.streams", $"{limits.Streams} streams are under way already.")
                : Refused(ErrorCode.Overloaded, "limits.requests", $"{limits.Requests} requests are under way already.");
        if (limits is { CallerRequests: 0, CallerStreams: 0 }) return new Place(this, null, streamed);
        var own = CountOf(call.Caller);
        if (own.TryTake(LimitOf(limits.CallerRequests), streamed ? LimitOf(limits.CallerStreams) : null, out streams)) return new Place(this, own, streamed);
        all.Leave(streamed);
        throw streams
            ? Refused(ErrorCode.RateLimited, "limits.caller_streams", $"{limits.CallerStreams} streams of '{call.Caller}' are under way already.")
            : Refused(ErrorCode.RateLimited, "limits.caller_requests", $"{limits.CallerRequests} requests of '{call.Caller}' are under way already.");
    }

    private static int LimitOf(int setting) => setting == 0 ? int.MaxValue : setting;

    private static GatewayException Refused(ErrorCode code, string limit, string what) =>
        new(new GatewayError(code, $"{what} Try again shortly. The limit is the setting {limit}.") { RetryAfter = SoonEnough, Limit = limit });

    /// <summary>Callers come and go; the count of one that has nothing under way is forgotten when there are many.</summary>
    private Count CountOf(string caller)
    {
        const int Many = 4096;
        if (callers.Count > Many)
            foreach (var (name, count) in callers)
                if (count.Requests == 0) callers.TryRemove(new KeyValuePair<string, Count>(name, count));
        return callers.GetOrAdd(caller, static _ => new Count());
    }

    private sealed class Count
    {
        private int requests;
        private int streams;

        public int Requests => Volatile.Read(ref requests);

        public int Streams => Volatile.Read(ref streams);

        /// <summary>False where there is no room; <paramref name="streamsAreFull"/> tells which of the two limits was reached.</summary>
        public bool TryTake(int mostRequests, int? mostStreams, out bool streamsAreFull)
        {
            streamsAreFull = false;
            if (Interlocked.Increment(ref requests) > mostRequests)
            {
                Interlocked.Decrement(ref requests);
                return false;
            }

            if (mostStreams is not { } most || Interlocked.Increment(ref streams) <= most) return true;
            streamsAreFull = true;
            Leave(streamed: true);
            return false;
        }

        public void Leave(bool streamed)
        {
            if (streamed) Interlocked.Decrement(ref streams);
            Interlocked.Decrement(ref requests);
        }
    }

    private sealed class Place(Admission admission, Count? own, bool streamed) : IDisposable
    {
        private int left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref left, 1) != 0) return;
            own?.Leave(streamed);
            admission.all.Leave(streamed);
        }
    }
}
