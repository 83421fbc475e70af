using LmGateway.Configuration;

namespace LmGateway.Observability;

/// <summary>
/// The last requests, in every state. Adding one takes no lock: it takes the next place whose request has ended, so that what still runs
/// stays in view for as long as there are other places.
/// </summary>
internal sealed class RequestJournal(LiveSettings settings)
{
    private const int Tries = 64;

    private readonly RequestTrace?[] places = new RequestTrace?[settings.Current.Journal.Size];
    private long next;
    private long begun;
    private long ended;
    private long failed;

    /// <summary>Requests since the start.</summary>
    public long Begun => Volatile.Read(ref begun);

    public long Failed => Volatile.Read(ref failed);

    /// <summary>Requests under way.</summary>
    public long Active => Math.Max(0, Begun - Volatile.Read(ref ended));

    /// <summary>A request begins; which one it is since the start, from 1.</summary>
    public long NextNumber() => Interlocked.Increment(ref begun);

    public void Add(RequestTrace trace)
    {
        // Where more requests run than there are places, looking for a free one costs much and finds nothing.
        for (var attempt = Active > places.Length ? Tries : 0; ; attempt++)
        {
            ref var place = ref places[Interlocked.Increment(ref next) % places.Length];
            var seen = Volatile.Read(ref place);
            if (attempt < Tries && seen is { HasEnded: false }) continue;
            if (Interlocked.CompareExchange(ref place, trace, seen) == seen || attempt >= Tries) return;
        }
    }

    internal void NoteEnd(RequestTrace trace)
    {
        Interlocked.Increment(ref ended);
        if (trace.State == RequestState.Failed) Interlocked.Increment(ref failed);
    }

    /// <summary>Every request that is remembered, the newest first.</summary>
    public IReadOnlyList<RequestTrace> All() => [.. places.OfType<RequestTrace>().OrderByDescending(trace => trace.Number)];

    /// <summary>The newest request with the id; callers may send one id several times.</summary>
    public RequestTrace? Find(string requestId) => All().FirstOrDefault(trace => trace.Call.RequestId == requestId);
}
