using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;

namespace LmStudio.Simulator.Engine;

/// <summary>What a simulated LM Studio has seen and done since it started or was last reset.</summary>
public sealed record CounterSnapshot
{
    /// <summary>Predictions and embeddings that are running or waiting now.</summary>
    public required long OpenStreams { get; init; }

    /// <summary>HTTP requests that are being answered now.</summary>
    public required long OpenRequests { get; init; }

    public required long OpenWebSockets { get; init; }
    public required long LoadsStarted { get; init; }
    public required long LoadsCompleted { get; init; }
    public required long LoadsFailed { get; init; }
    public required long LoadsCancelled { get; init; }
    public required long Unloads { get; init; }

    /// <summary>Unloads because of idleness, also counted in <see cref="Unloads"/>.</summary>
    public required long Expirations { get; init; }

    public required long Predictions { get; init; }
    public required long PredictionsCompleted { get; init; }

    /// <summary>Predictions ended early by a caller that left or sent a cancel.</summary>
    public required long Cancels { get; init; }

    public required long Embeddings { get; init; }
    public required long Tokens { get; init; }
    public required long PeakParallelPredictions { get; init; }
    public required long WebSocketConnections { get; init; }
    public required IReadOnlyDictionary<string, long> LoadsByKey { get; init; }
    public required IReadOnlyDictionary<string, long> Requests { get; init; }
}

/// <summary>A request as it arrived; the path has its query.</summary>
public sealed record SeenRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, ReadOnlyMemory<byte> Content)
{
    /// <summary>The body as text.</summary>
    public string Body => Encoding.UTF8.GetString(Content.Span);
}

/// <summary>Counts what happens; every member may be called from any thread.</summary>
public sealed class Counters
{
    private const int RequestsKept = 64;

    private readonly ConcurrentDictionary<string, long> _loadsByKey = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _requests = new(StringComparer.Ordinal);
    private ImmutableQueue<SeenRequest> _seen = [];
    private int _seenCount;
    private long _openStreams, _openRequests, _openWebSockets, _webSockets;
    private long _loadsStarted, _loadsCompleted, _loadsFailed, _loadsCancelled, _unloads, _expirations;
    private long _predictions, _completed, _cancels, _embeddings, _tokens, _running, _peak;

    public long OpenStreams => Interlocked.Read(ref _openStreams);

    public long Cancels => Interlocked.Read(ref _cancels);

    /// <summary>The last requests with headers and bodies, oldest first.</summary>
    public IReadOnlyList<SeenRequest> LastRequests => [.. _seen];

    public CounterSnapshot Snapshot() => new()
    {
        OpenStreams = Interlocked.Read(ref _openStreams),
        OpenRequests = Interlocked.Read(ref _openRequests),
        OpenWebSockets = Interlocked.Read(ref _openWebSockets),
        LoadsStarted = Interlocked.Read(ref _loadsStarted),
        LoadsCompleted = Interlocked.Read(ref _loadsCompleted),
        LoadsFailed = Interlocked.Read(ref _loadsFailed),
        LoadsCancelled = Interlocked.Read(ref _loadsCancelled),
        Unloads = Interlocked.Read(ref _unloads),
        Expirations = Interlocked.Read(ref _expirations),
        Predictions = Interlocked.Read(ref _predictions),
        PredictionsCompleted = Interlocked.Read(ref _completed),
        Cancels = Interlocked.Read(ref _cancels),
        Embeddings = Interlocked.Read(ref _embeddings),
        Tokens = Interlocked.Read(ref _tokens),
        PeakParallelPredictions = Interlocked.Read(ref _peak),
        WebSocketConnections = Interlocked.Read(ref _webSockets),
        LoadsByKey = new SortedDictionary<string, long>(_loadsByKey, StringComparer.Ordinal),
        Requests = new SortedDictionary<string, long>(_requests, StringComparer.Ordinal),
    };

    /// <summary>Sets everything back but what is open now.</summary>
    public void Reset()
    {
        _loadsByKey.Clear();
        _requests.Clear();
        Interlocked.Exchange(ref _webSockets, 0);
        Interlocked.Exchange(ref _loadsStarted, 0);
        Interlocked.Exchange(ref _loadsCompleted, 0);
        Interlocked.Exchange(ref _loadsFailed, 0);
        Interlocked.Exchange(ref _loadsCancelled, 0);
        Interlocked.Exchange(ref _unloads, 0);
        Interlocked.Exchange(ref _expirations, 0);
        Interlocked.Exchange(ref _predictions, 0);
        Interlocked.Exchange(ref _completed, 0);
        Interlocked.Exchange(ref _cancels, 0);
        Interlocked.Exchange(ref _embeddings, 0);
        Interlocked.Exchange(ref _tokens, 0);
        Interlocked.Exchange(ref _peak, Interlocked.Read(ref _running));
        _seen = [];
        _seenCount = 0;
    }

    /// <summary>A request arrived; its route's name is counted and the request itself kept for a while.</summary>
    internal void RequestArrived(string route, SeenRequest request)
    {
        Increment(_requests, route);
        ImmutableInterlocked.Enqueue(ref _seen, request);
        if (Interlocked.Increment(ref _seenCount) > RequestsKept && ImmutableInterlocked.TryDequeue(ref _seen, out _)) Interlocked.Decrement(ref _seenCount);
    }

    internal void RequestOpened() => Interlocked.Increment(ref _openRequests);

    internal void RequestClosed() => Interlocked.Decrement(ref _openRequests);

    internal void WebSocketOpened()
    {
        Interlocked.Increment(ref _webSockets);
        Interlocked.Increment(ref _openWebSockets);
    }

    internal void WebSocketClosed() => Interlocked.Decrement(ref _openWebSockets);

    internal void LoadStarted(string key)
    {
        Interlocked.Increment(ref _loadsStarted);
        Increment(_loadsByKey, key);
    }

    internal void LoadCompleted() => Interlocked.Increment(ref _loadsCompleted);

    internal void LoadFailed() => Interlocked.Increment(ref _loadsFailed);

    internal void LoadCancelled() => Interlocked.Increment(ref _loadsCancelled);

    internal void Unloaded() => Interlocked.Increment(ref _unloads);

    internal void Expired() => Interlocked.Increment(ref _expirations);

    internal void StreamOpened() => Interlocked.Increment(ref _openStreams);

    internal void StreamClosed() => Interlocked.Decrement(ref _openStreams);

    internal void PredictionStarted()
    {
        Interlocked.Increment(ref _predictions);
        var running = Interlocked.Increment(ref _running);
        for (var peak = Interlocked.Read(ref _peak); running > peak; peak = Interlocked.Read(ref _peak))
            if (Interlocked.CompareExchange(ref _peak, running, peak) == peak) break;
    }

    internal void PredictionEnded() => Interlocked.Decrement(ref _running);

    internal void PredictionCompleted(long tokens)
    {
        Interlocked.Increment(ref _completed);
        Interlocked.Add(ref _tokens, tokens);
    }

    internal void Cancelled() => Interlocked.Increment(ref _cancels);

    internal void Embedded(long texts) => Interlocked.Add(ref _embeddings, texts);

    private static void Increment(ConcurrentDictionary<string, long> counts, string key) => counts.AddOrUpdate(key, 1, static (_, count) => count + 1);
}
