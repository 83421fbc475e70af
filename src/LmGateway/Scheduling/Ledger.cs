using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Scheduling;

/// <summary>
/// Decides who runs where and what is loaded: events in, effects out. It knows no task, no clock and no socket, and is used by one loop alone;
/// only the gates are shared with other threads (<see cref="Gate"/> says why that is sound).
/// </summary>
/// <remarks>
/// Each event changes what it is about and then lets <see cref="Decide"/> look at the models concerned, which is the one place where a waiting
/// request is let in, a load is begun, or a refusal is made for want of any way to the model.
/// </remarks>
internal sealed partial class Ledger(LiveSettings settings)
{
    private readonly Dictionary<(string Backend, string ModelKey), ModelQueue> models = [];
    private readonly Dictionary<(string Backend, string Identifier), TrackedInstance> instances = [];
    private readonly List<Effect> effects = [];
    private CatalogSnapshot catalog = new(-1, []);
    private long now;

    /// <summary>What the last event causes, in order.</summary>
    public IReadOnlyList<Effect> Effects => effects;

    /// <summary>The version of the catalog that decisions rest on.</summary>
    public long CatalogVersion => catalog.Version;

    /// <summary>Nothing new is let in any more.</summary>
    public bool Draining { get; private set; }

    public void Apply(SchedulerEvent happened, long timestamp)
    {
        now = timestamp;
        effects.Clear();
        switch (happened)
        {
            case Asked asked: Ask(asked.Caller); break;
            case Left left: Leave(left.Caller, left.Overdue); break;
            case Released released: Release(released.Instance); break;
            case Answered answered: Confirm(answered.Instance); break;
            case Missed missed: Miss(missed.Instance); break;
            case LoadEnded ended: EndLoad(ended); break;
            case UnloadEnded ended: EndUnload(ended.Unload, ended.Error); break;
            case Looked looked: Look(looked.Snapshot); break;
            case Settled settled: Settle(settled.Change, settled.Version); break;
            case Drained: Drain(); break;
            case Ticked ticked: RefuseOverdue(ticked.Patience); break;
        }
    }

    private void Ask(Caller caller)
    {
        if (Draining)
        {
            effects.Add(new Refuse(caller, SchedulingErrors.Draining()));
            return;
        }

        switch (caller)
        {
            case Waiter waiter: Enqueue(waiter); break;
            case LoadCaller order: Order(order); break;
            case UnloadCaller unload: Order(unload); break;
        }
    }

    private void Leave(Caller caller, bool overdue)
    {
        switch (caller)
        {
            case Waiter waiter: Leave(waiter); break;
            case LoadCaller order: Leave(order); break;
            case UnloadCaller unload: Leave(unload, overdue); break;
        }
    }

    private void Enqueue(Waiter waiter)
    {
        var model = Model(waiter.Target.Backend, waiter.Target.ModelKey);
        waiter.Place = model.Waiting.AddLast(waiter);
        Dispatch(model);
        if (waiter.Place is not null && model.Waiting.Count > settings.Current.Scheduling.QueueLimit)
            Refuse(model, waiter, SchedulingErrors.QueueFull(waiter.Target, settings.Current.Scheduling.QueueLimit));
        Decide(model);
    }

    private void Leave(Waiter waiter)
    {
        if (waiter.Place is null) return;
        var model = Model(waiter.Target.Backend, waiter.Target.ModelKey);
        Dequeue(model, waiter);
        effects.Add(new Dismiss(waiter));
        AbandonUnwanted(model);
        Decide(model);
    }

    /// <summary>Lets in whoever can run, sees to it that the others get what they wait for, or says why they cannot.</summary>
    private void Decide(ModelQueue model)
    {
        if (model.Load is null && model.Pending.Count > 0) BeginPending(model);
        if (model.Load is null) ResolvePins(model);
        Dispatch(model);
        if (model.Load is null && model.Waiting.Count > 0 && model.Instances.Count == 0 && model.Since.Version <= catalog.Version) Provide(model);
        MarkGates(model);
        if (model.IsEmpty && model.Since.Version <= catalog.Version) models.Remove((model.Backend, model.ModelKey));
    }

    /// <summary>Grants every slot that a waiting request can use, in the order of arrival.</summary>
    private void Dispatch(ModelQueue model)
    {
        if (model.Waiting.Count == 0) return;
        foreach (var instance in model.Instances) instance.Gate.MarkQueued();   // before looking: a slot freed from here on is reported
        for (var place = model.Waiting.First; place is not null;)
        {
            var waiter = place.Value;
            place = place.Next;
            var instance = waiter.Pin is null ? model.LeastBusy() : model.Find(waiter.Pin);
            if (instance is not null && instance.Gate.TryAdmit()) Grant(model, waiter, instance);
            else if (waiter.Pin is null) break;         // every slot is taken, for whomever it was
        }
    }

    /// <summary>A gate refuses newcomers exactly while a queue that it serves has somebody in it.</summary>
    private static void MarkGates(ModelQueue model)
    {
        foreach (var instance in model.Instances)
            if (instance.Models.TrueForAll(queue => queue.Waiting.Count == 0)) instance.Gate.ClearQueued();
    }

    /// <summary>Someone who wants one instance that is not there gets no other one, unless it bears the model's own name.</summary>
    private void ResolvePins(ModelQueue model)
    {
        for (var place = model.Waiting.First; place is not null;)
        {
            var waiter = place.Value;
            place = place.Next;
            if (waiter.Pin is null || model.Find(waiter.Pin) is not null) continue;
            if (waiter.Pin == model.ModelKey) waiter.Pin = null;
            else Refuse(model, waiter, SchedulingErrors.InstanceNotLoaded(waiter.Pin, model.Backend));
        }
    }

    /// <summary>Nothing of the model is there: begins what brings it, or refuses everybody who waits.</summary>
    private void Provide(ModelQueue model)
    {
        var target = model.Waiting.First!.Value.Target;
        var view = catalog.Find(model.Backend);
        if (view is null) RefuseAll(model, SchedulingErrors.NoBackend(model.Backend));
        else if (!view.Reachable) RefuseAll(model, SchedulingErrors.Unreachable(view));
        else if (!settings.Current.Scheduling.OnDemand) RefuseAll(model, SchedulingErrors.OnDemandOff(target));
        else if (view.Traits.CanLoad && view.Control.CanLoadOnDemand) Begin(new Load(view.Backend, OnDemandOrder(model.ModelKey), model, onDemand: true));
        else if (view.Traits.LoadsOnRequest) Lead(model);
        else RefuseAll(model, view.Traits.CanLoad ? SchedulingErrors.NoControl(target, view) : SchedulingErrors.CannotLoad(target));
    }

    private void Grant(ModelQueue model, Waiter waiter, TrackedInstance instance)
    {
        Dequeue(model, waiter);
        effects.Add(new Grant(waiter, instance));
    }

    private void Refuse(ModelQueue model, Waiter waiter, GatewayError error)
    {
        Dequeue(model, waiter);
        effects.Add(new Refuse(waiter, error));
    }

    /// <summary>Who has waited too long for a place is refused; the time of a load is no part of that.</summary>
    private void RefuseOverdue(long patience)
    {
        foreach (var model in models.Values.Where(model => model.HasOpen).ToArray())
        {
            for (var place = model.Waiting.First; place is not null;)
            {
                var waiter = place.Value;
                place = place.Next;
                if (now - waiter.AskedAt - (waiter.LoadTime ?? 0) >= patience) Refuse(model, waiter, SchedulingErrors.QueueOverdue(waiter.Target, settings.Current.Scheduling.QueueWaitSeconds));
            }

            Decide(model);
        }
    }

    private void RefuseAll(ModelQueue model, GatewayError error)
    {
        while (model.Waiting.First is { } first) Refuse(model, first.Value, error);
    }

    private static void Dequeue(ModelQueue model, Waiter waiter)
    {
        model.Waiting.Remove(waiter.Place!);
        waiter.Place = null;
    }

    private ModelQueue Model(string backend, string modelKey)
    {
        if (models.TryGetValue((backend, modelKey), out var model)) return model;
        return models[(backend, modelKey)] = new ModelQueue(backend, modelKey);
    }

    private LoadOrder OnDemandOrder(string modelKey) => new(modelKey)
    {
        Settings = new LoadSettings
        {
            ContextLength = settings.Current.Scheduling.OnDemandContextLength,
            GpuRatio = settings.Current.Scheduling.OnDemandGpuRatio,
            FlashAttention = settings.Current.Scheduling.OnDemandFlashAttention,
            Parallel = settings.Current.Scheduling.OnDemandParallel,
        },
        Ttl = settings.Current.Scheduling.OnDemandTtlSeconds == 0 ? null : TimeSpan.FromSeconds(settings.Current.Scheduling.OnDemandTtlSeconds),
    };

    /// <summary>Everybody who still waits is refused, loads end, gates shut. Requests that run are left to their owners.</summary>
    private void Drain()
    {
        if (Draining) return;
        Draining = true;
        foreach (var instance in instances.Values)
        {
            instance.Gate.Close();
            if (instance.Unload is { } unload) RefuseAll(unload);
        }

        foreach (var model in models.Values)
        {
            RefuseAll(model, SchedulingErrors.Draining());
            foreach (var load in model.Pending) RefuseAll(load, SchedulingErrors.Draining());
            model.Pending.Clear();
            if (model.Load is not { } underWay) continue;
            RefuseAll(underWay, SchedulingErrors.Draining());
            Abandon(underWay);
        }
    }
}
