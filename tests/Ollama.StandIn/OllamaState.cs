using System.Collections.Concurrent;

namespace Ollama.StandIn;

/// <summary>How a stand-in behaves.</summary>
public sealed record StandInOptions
{
    /// <summary>What is in the store at the start.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>What a pull finds; null for every name that can be one.</summary>
    public IReadOnlyList<string>? Pullable { get; init; }

    public TimeSpan LoadTime { get; init; }

    /// <summary>The pause between two words.</summary>
    public TimeSpan Pace { get; init; }

    /// <summary>Bytes that are written at a time, so that reads end inside lines and characters; 0 for whole events.</summary>
    public int PieceBytes { get; init; }

    /// <summary>The pause between two lines of a pull.</summary>
    public TimeSpan PullPace { get; init; }

    /// <summary>Lists tell capabilities and context lengths, as servers of 2026 do.</summary>
    public bool Recent { get; init; } = true;
}

/// <summary>What goes wrong; everything is set from the test and stays until it is taken back.</summary>
public sealed class StandInFaults
{
    /// <summary>The queue is full.</summary>
    public bool Busy { get; set; }

    /// <summary>Streams end without their last object, as when the runner crashes.</summary>
    public bool BreakOff { get; set; }

    /// <summary>Native streams end with this error.</summary>
    public string? InStream { get; set; }

    /// <summary>Loads fail with this error.</summary>
    public string? Load { get; set; }

    /// <summary>Pulls fail with this error in the middle.</summary>
    public string? Pull { get; set; }

    /// <summary>How many looks at what is loaded still show an unloaded model.</summary>
    public int LingeringLooks { get; set; }
}

/// <summary>A model in memory.</summary>
/// <param name="ContextLength">Of the load that brought it; another one means a load anew.</param>
public sealed record RunningModel(StandInModel Model, int ContextLength, DateTimeOffset Expires)
{
    /// <summary>It is unloaded, but still listed this often.</summary>
    public int? LooksLeft { get; init; }
}

/// <summary>The store, what is loaded, and what was seen.</summary>
public sealed class OllamaState : IDisposable
{
    public const int DefaultContext = 4096;

    private readonly SemaphoreSlim loading = new(1);
    private int loads;
    private int openStreams;
    private int cancels;

    public OllamaState(StandInOptions options)
    {
        Options = options;
        foreach (var name in options.Models) Add(name);
    }

    public StandInOptions Options { get; }

    public StandInFaults Faults { get; } = new();

    public ConcurrentDictionary<string, StandInModel> Models { get; } = new(StringComparer.OrdinalIgnoreCase);

    public ConcurrentDictionary<string, RunningModel> Running { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Paths that were asked for, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Bodies that came, in order.</summary>
    public ConcurrentQueue<string> Bodies { get; } = new();

    public int Loads => Volatile.Read(ref loads);

    public int OpenStreams => Volatile.Read(ref openStreams);

    /// <summary>Generations that ended because their caller left.</summary>
    public int Cancels => Volatile.Read(ref cancels);

    public StandInModel Add(string name)
    {
        var model = new StandInModel(StandInModel.FullName(name));
        return Models.GetOrAdd(model.Name, model);
    }

    public StandInModel? Find(string name) => Models.GetValueOrDefault(StandInModel.FullName(name));

    /// <summary>Loads the model if it is not loaded, or not with this context.</summary>
    public async Task<RunningModel> EnsureLoadedAsync(StandInModel model, int? context, TimeSpan? keepAlive, CancellationToken cancellationToken)
    {
        var length = context ?? DefaultContext;
        await loading.WaitAsync(cancellationToken);
        try
        {
            var isThere = Running.TryGetValue(model.Name, out var running) && running.LooksLeft is null && running.ContextLength == length;
            if (!isThere)
            {
                if (Faults.Load is { } fault) throw new OllamaException(500, fault);
                if (Options.LoadTime > TimeSpan.Zero) await Task.Delay(Options.LoadTime, TimeProvider.System, cancellationToken);
                Interlocked.Increment(ref loads);
            }

            var expires = keepAlive is { } time && time < TimeSpan.Zero ? TimeProvider.System.GetLocalNow().AddYears(292) : TimeProvider.System.GetLocalNow() + (keepAlive ?? TimeSpan.FromMinutes(5));
            return Running[model.Name] = new RunningModel(model, length, expires);
        }
        finally
        {
            loading.Release();
        }
    }

    public void Unload(StandInModel model)
    {
        if (!Running.TryGetValue(model.Name, out var running)) return;
        if (Faults.LingeringLooks > 0) Running[model.Name] = running with { LooksLeft = Faults.LingeringLooks };
        else Running.TryRemove(model.Name, out _);
    }

    /// <summary>What is loaded, as one look sees it.</summary>
    public IReadOnlyList<RunningModel> Look()
    {
        RunningModel[] seen = [.. Running.Values.OrderByDescending(running => running.Expires)];
        foreach (var leaving in seen.Where(running => running.LooksLeft is not null))
        {
            if (leaving.LooksLeft <= 1) Running.TryRemove(leaving.Model.Name, out _);
            else Running[leaving.Model.Name] = leaving with { LooksLeft = leaving.LooksLeft - 1 };
        }

        return seen;
    }

    /// <summary>Counts a stream until it is disposed of.</summary>
    public IDisposable OpenStream(CancellationToken callers)
    {
        Interlocked.Increment(ref openStreams);
        return new Ending(() =>
        {
            Interlocked.Decrement(ref openStreams);
            if (callers.IsCancellationRequested) Interlocked.Increment(ref cancels);
        });
    }

    public void Dispose() => loading.Dispose();

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}

/// <summary>An answer with a status and <c>{"error": text}</c>.</summary>
public sealed class OllamaException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;
}
