using System.Runtime.InteropServices;

namespace LmStudio.Simulator.Engine;

/// <summary>What an instance is doing, in the protocol's words.</summary>
public enum ProcessingStatus
{
    Idle,
    ProcessingPrompt,
    Generating,
    ComputingEmbedding,
}

/// <summary>What an instance is doing and how many predictions wait for it.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ProcessingState(ProcessingStatus Status, int Queued);

/// <summary>The two names of an instance: the one that callers address, and the opaque one that is unique per load.</summary>
internal readonly record struct InstanceName(string Identifier, string Reference);

/// <summary>A loaded copy of a model. It runs a limited number of predictions at once; the others wait in order.</summary>
public sealed class LoadedInstance : IDisposable
{
    /// <summary>What counts when several predictions are in different phases: the last.</summary>
    private static readonly ProcessingStatus[] Precedence = [ProcessingStatus.ComputingEmbedding, ProcessingStatus.ProcessingPrompt, ProcessingStatus.Generating];

    private static readonly TimeSpan LongestIdleTime = TimeSpan.FromDays(40);

    private readonly SemaphoreSlim _sessions;
    private readonly CancellationTokenSource _unloaded = new();
    private readonly TimeProvider _time;
    private readonly int[] _busy = new int[Enum.GetValues<ProcessingStatus>().Length];
    private readonly ITimer? _expiry;
    private int _queued;
    private int _users;
    private long _lastUsedMs;

    internal LoadedInstance(InstanceName name, SimulatedModel model, LoadRequest request, SimulatorOptions settings, Action<LoadedInstance> expired)
    {
        (Identifier, InstanceReference) = name;
        (Model, Ttl, OnDemand, _time) = (model, request.Ttl, request.OnDemand, settings.TimeProvider);
        LoadConfig = LoadConfigSchema.Effective(model, settings, request.Config);
        ContextLength = LoadConfig.Int(model.Domain == ModelDomain.Llm ? LoadConfigSchema.LlmContextLength : LoadConfigSchema.EmbeddingContextLength) ?? 2048;
        Parallel = Math.Max(1, LoadConfig.Int(LoadConfigSchema.ParallelSessions) ?? 4);
        LoadedAt = _time.GetUtcNow();
        Unloaded = _unloaded.Token;
        _sessions = new SemaphoreSlim(Parallel);
        if (Ttl is not null) _expiry = _time.CreateTimer(_ => Expire(expired), null, IdleTime, Timeout.InfiniteTimeSpan);
    }

    public SimulatedModel Model { get; }

    /// <summary>The name that inference calls and unload address.</summary>
    public string Identifier { get; }

    /// <summary>Opaque, unique per load.</summary>
    public string InstanceReference { get; }

    /// <summary>The effective load configuration.</summary>
    public KvConfig LoadConfig { get; }

    /// <summary>The idle time after which it is unloaded; null is never.</summary>
    public TimeSpan? Ttl { get; }

    /// <summary>Whether inference or get-or-load asked for it; only such instances are evicted by another load on demand.</summary>
    public bool OnDemand { get; }

    public int ContextLength { get; }

    /// <summary>How many predictions it runs at once.</summary>
    public int Parallel { get; }

    public DateTimeOffset LoadedAt { get; }

    /// <summary>When it was last used, in Unix milliseconds; null before the first use.</summary>
    public long? LastUsedUnixMs => Volatile.Read(ref _lastUsedMs) is var ms && ms != 0 ? ms : null;

    /// <summary>Cancelled when the instance is unloaded; predictions then end.</summary>
    public CancellationToken Unloaded { get; }

    public ProcessingState State
    {
        get
        {
            var status = ProcessingStatus.Idle;
            foreach (var candidate in Precedence)
                if (Volatile.Read(ref _busy[(int)candidate]) > 0) status = candidate;
            return new ProcessingState(status, Volatile.Read(ref _queued));
        }
    }

    /// <summary>Waits for a free session, first come first served.</summary>
    internal async Task<Session> EnterAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _users);
        Touch();
        Interlocked.Increment(ref _queued);
        try
        {
            await _sessions.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Leave();
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _queued);
        }

        return new Session(this);
    }

    internal void Unload()
    {
        _expiry?.Dispose();
        _unloaded.Cancel();
    }

    public void Dispose()
    {
        Unload();
        _unloaded.Dispose();
        _sessions.Dispose();
    }

    /// <summary>The time to live, within what a timer can wait.</summary>
    private TimeSpan IdleTime => Ttl is { } ttl && ttl < LongestIdleTime ? ttl : LongestIdleTime;

    private void Leave()
    {
        Touch();
        if (Interlocked.Decrement(ref _users) == 0 && !Unloaded.IsCancellationRequested) _expiry?.Change(IdleTime, Timeout.InfiniteTimeSpan);
    }

    private void Touch() => Volatile.Write(ref _lastUsedMs, _time.GetUtcNow().ToUnixTimeMilliseconds());

    private void Expire(Action<LoadedInstance> expired)
    {
        if (Volatile.Read(ref _users) == 0) expired(this);
    }

    /// <summary>One of the instance's parallel sessions; the phase shows in <see cref="State"/>.</summary>
    internal sealed class Session(LoadedInstance instance) : IDisposable
    {
        private ProcessingStatus _phase;

        public ProcessingStatus Phase
        {
            set
            {
                Interlocked.Decrement(ref instance._busy[(int)_phase]);
                Interlocked.Increment(ref instance._busy[(int)value]);
                _phase = value;
            }
        }

        public void Dispose()
        {
            Phase = ProcessingStatus.Idle;
            instance._sessions.Release();
            instance.Leave();
        }
    }
}
