using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Scheduling;
using LmGateway.Vocabulary;

namespace LmGateway.Tests.Scheduling;

/// <summary>A ledger with the loop played by a test: effects are noted, and their ends come when the test says so.</summary>
internal sealed class LedgerWorld
{
    private readonly Ledger ledger;
    private long now = 1;
    private long version;

    public LedgerWorld(SchedulingOptions? options = null, FakeBackend? backend = null)
    {
        Options = options ?? new SchedulingOptions();
        Backend = backend ?? new FakeBackend();
        ledger = new Ledger(new GatewayOptions { Node = "node", Scheduling = Options });
        Show();
    }

    public SchedulingOptions Options { get; }

    public FakeBackend Backend { get; }

    /// <summary>What each caller that has been answered was told: an instance, a result, an error, or null for a dismissal.</summary>
    public Dictionary<Caller, object?> Answers { get; } = [];

    /// <summary>Slots that are held, by whom they were granted to.</summary>
    public Dictionary<Waiter, TrackedInstance> Held { get; } = [];

    public List<Load> Loading { get; } = [];

    public List<Load> Cancelling { get; } = [];

    public List<Unload> Unloading { get; } = [];

    public List<Change> Looks { get; } = [];

    /// <summary>Sees each effect before it is noted.</summary>
    public Action<Effect>? Judge { get; set; }

    public LedgerView View => ledger.View();

    public InstanceTable Table => ledger.Table();

    public long Version => version;

    public void Do(SchedulerEvent happened)
    {
        ledger.Apply(happened, ++now);
        foreach (var effect in ledger.Effects.ToArray()) Note(effect);
    }

    public Waiter Ask(string modelKey = "m", string? identifier = null)
    {
        var waiter = new Waiter(new ModelTarget("fake", modelKey, identifier), ++now, CancellationToken.None);
        Do(new Asked(waiter));
        return waiter;
    }

    public Waiter[] Ask(int requests, string modelKey = "m") => [.. Enumerable.Range(0, requests).Select(_ => Ask(modelKey))];

    public LoadCaller Order(LoadOrder order)
    {
        var caller = new LoadCaller(Backend, order, null, CancellationToken.None);
        Do(new Asked(caller));
        return caller;
    }

    public UnloadCaller Unload(string identifier, bool force = false)
    {
        var caller = new UnloadCaller(Id(identifier), force, CancellationToken.None);
        Do(new Asked(caller));
        return caller;
    }

    public void Leave(Caller caller, bool overdue = false) => Do(new Left(caller, overdue));

    public void Release(params Waiter[] holders)
    {
        foreach (var holder in holders)
        {
            if (!Held.Remove(holder, out var instance)) throw new InvalidOperationException("The waiter holds nothing.");
            if (instance.Gate.Leave(++now)) Do(new Released(instance));
        }
    }

    public void Succeed(Load load, string? identifier = null)
    {
        Loading.Remove(load);
        Do(new LoadEnded(load, new LoadResult(Instance(load.Order.ModelKey, identifier ?? load.Order.Identifier)), null));
    }

    public void Fail(Load load, ErrorCode code = ErrorCode.LoadFailed)
    {
        Loading.Remove(load);
        Do(new LoadEnded(load, null, new GatewayError(code, code.ToString())));
    }

    public void End(Unload unload, ErrorCode? code = null)
    {
        Unloading.Remove(unload);
        Do(new UnloadEnded(unload, code is { } error ? new GatewayError(error, error.ToString()) : null));
    }

    /// <summary>A look at the backend ends and shows these instances.</summary>
    public void Show(params ModelInstance[] instances) => Show(Seen(instances));

    public void Show(BackendView view) => Do(new Looked(new CatalogSnapshot(++version, [view])));

    public BackendView Seen(params ModelInstance[] instances) =>
        new() { Backend = Backend, Reachable = true, Control = Backend.Control, Instances = instances };

    /// <summary>Every look that was asked for has ended, and shows these instances.</summary>
    public void Settle(params ModelInstance[] instances)
    {
        Show(instances);
        foreach (var change in Looks.ToArray()) Settle(change);
    }

    public void Settle(Change change)
    {
        Looks.Remove(change);
        Do(new Settled(change, version));
    }

    public ModelInstance Instance(string modelKey = "m", string? identifier = null, int? parallel = null) =>
        new() { Id = Id(identifier ?? modelKey), ModelKey = modelKey, Type = ModelType.Llm, Parallel = parallel ?? Backend.Parallel };

    public ErrorCode? Refusal(Caller caller) => (Answers[caller] as GatewayError)?.Code;

    public bool Waits(Caller caller) => !Answers.ContainsKey(caller);

    private void Note(Effect effect)
    {
        Judge?.Invoke(effect);
        switch (effect)
        {
            case Grant grant:
                Held.Add(grant.Waiter, grant.Instance);
                Answers.Add(grant.Waiter, grant.Instance);
                break;
            case Refuse refuse: Answers.Add(refuse.Caller, refuse.Error); break;
            case Dismiss dismiss: Answers.Add(dismiss.Caller, null); break;
            case Loaded loaded: Answers.Add(loaded.Caller, loaded.Result); break;
            case Unloaded unloaded: Answers.Add(unloaded.Caller, unloaded.Caller.Instance); break;
            case StartLoad start: Loading.Add(start.Load); break;
            case CancelLoad cancel: Cancelling.Add(cancel.Load); break;
            case StartUnload start: Unloading.Add(start.Unload); break;
            case Look look: Looks.Add(look.Change); break;
        }
    }

    private static InstanceId Id(string identifier) => new("node", "fake", identifier);
}
