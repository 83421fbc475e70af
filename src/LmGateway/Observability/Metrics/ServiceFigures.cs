using System.Collections.Concurrent;
using LmGateway.Vocabulary;

namespace LmGateway.Observability.Metrics;

/// <summary>
/// Every figure that counts up while the service runs. There are never more than <see cref="MostSeries"/> of a kind: what comes after them is
/// counted together, as <see cref="Other"/>.
/// </summary>
internal sealed class ServiceFigures
{
    public const int MostSeries = 200;
    public const string Other = "other";

    private readonly ConcurrentDictionary<RequestSeries, RequestFigures> requests = new();
    private readonly ConcurrentDictionary<(string Backend, string Model), LoadFigures> loads = new();
    private readonly ConcurrentDictionary<(string Api, ErrorCode Code), StrongCount> errors = new();

    public IReadOnlyCollection<RequestFigures> Requests => [.. requests.Values];

    public IReadOnlyCollection<LoadFigures> Loads => [.. loads.Values];

    /// <summary>Failed requests by API and cause.</summary>
    public IReadOnlyCollection<(string Api, ErrorCode Code, long Count)> Errors => [.. errors.Select(pair => (pair.Key.Api, pair.Key.Code, pair.Value.Value))];

    public void Note(RequestTrace trace)
    {
        // A name that was found to mean nothing is the caller's, and there is no end of those.
        var series = new RequestSeries(trace.Call.Api, trace.Backend ?? "", trace.ModelKey ?? "");
        if (!requests.TryGetValue(series, out var figures))
            figures = requests.GetOrAdd(requests.Count < MostSeries ? series : new RequestSeries(trace.Call.Api, Other, Other), static key => new RequestFigures(key));
        figures.Note(trace);
        if (trace.Error is { } error) errors.GetOrAdd((trace.Call.Api, error.Code), static _ => new StrongCount()).Increment();
    }

    /// <summary>A load ended; null as its time for one that failed.</summary>
    public void NoteLoad(string backend, string model, TimeSpan? took)
    {
        if (!loads.TryGetValue((backend, model), out var figures))
            figures = loads.GetOrAdd(loads.Count < MostSeries ? (backend, model) : (Other, Other), static key => new LoadFigures(key.Backend, key.Model));
        if (took is { } time) figures.Duration.Note(time.TotalSeconds);
        else figures.NoteFailure();
    }

    private sealed class StrongCount
    {
        private long value;

        public long Value => Volatile.Read(ref value);

        public void Increment() => Interlocked.Increment(ref value);
    }
}
