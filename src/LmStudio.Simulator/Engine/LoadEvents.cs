namespace LmStudio.Simulator.Engine;

/// <summary>One request to load a model.</summary>
public sealed record LoadRequest
{
    /// <summary>The model's key; for get-or-load an identifier is good too.</summary>
    public required string ModelKey { get; init; }

    /// <summary>The domain that the caller speaks to; null takes either.</summary>
    public ModelDomain? Domain { get; init; }

    /// <summary>The identifier asked for; null takes the key, then <c>key:2</c>, <c>key:3</c>.</summary>
    public string? Identifier { get; init; }

    public TimeSpan? Ttl { get; init; }

    /// <summary>The configuration sent, layers merged.</summary>
    public KvConfig Config { get; init; } = KvConfig.Empty;

    /// <summary>Set by get-or-load and just-in-time loading.</summary>
    public bool OnDemand { get; init; }
}

/// <summary>What happens during a load, in order; the last event carries the instance.</summary>
public abstract record LoadEvent
{
    private LoadEvent()
    {
    }

    /// <summary>Get-or-load: nothing had to be loaded. The last event.</summary>
    public sealed record AlreadyLoaded(LoadedInstance Instance) : LoadEvent;

    /// <summary>The model was found; <paramref name="Ambiguous"/> lists all keys when several answered to the name.</summary>
    public sealed record Resolved(SimulatedModel Model, IReadOnlyList<string> Ambiguous) : LoadEvent;

    /// <summary>Get-or-load: an instance loaded on demand before is being unloaded.</summary>
    public sealed record UnloadingOther(LoadedInstance Instance) : LoadEvent;

    /// <summary>Loading begins under this identifier.</summary>
    public sealed record Starting(string Identifier, SimulatedModel Model) : LoadEvent;

    /// <summary>0 to 1.</summary>
    public sealed record Progress(double Value) : LoadEvent;

    /// <summary>Loaded. The last event.</summary>
    public sealed record Loaded(LoadedInstance Instance, TimeSpan Took) : LoadEvent;
}
