using LmGateway.Backends;
using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Scheduling;

/// <summary>Loads: one of a model at a time, shared by all who want it, and room made for it where there is none.</summary>
internal sealed partial class Ledger
{
    private void Order(LoadCaller caller)
    {
        if (!(catalog.Find(caller.Backend.Name)?.Traits ?? caller.Backend.Traits).CanLoad)
        {
            effects.Add(new Refuse(caller, SchedulingErrors.NotSupported(caller.Backend.Name)));
            return;
        }

        var model = Model(caller.Backend.Name, caller.Order.ModelKey);
        if (model.Load is { Abandoned: false } underWay && underWay.Fulfils(caller.Order)) underWay.Add(caller);
        else if (model.Pending.Find(load => load.Fulfils(caller.Order)) is { } pending) pending.Add(caller);
        else
        {
            var load = new Load(caller.Backend, caller.Order, model, onDemand: false);
            load.Add(caller);
            model.Pending.Add(load);
        }

        Decide(model);
    }

    private void Leave(LoadCaller caller)
    {
        if (caller.Load is not { } load) return;
        load.Remove(caller);
        caller.Load = null;
        effects.Add(new Dismiss(caller));
        if (load.Callers.Count == 0) load.Model.Pending.Remove(load);
        AbandonUnwanted(load.Model);
        Decide(load.Model);
    }

    private void BeginPending(ModelQueue model)
    {
        var next = model.Pending[0];
        model.Pending.RemoveAt(0);
        Begin(next);
    }

    private void Begin(Load load)
    {
        load.Model.Load = load;
        load.StartedAt = now;
        effects.Add(new LoadBegan(load));
        Attempt(load);
    }

    private void Attempt(Load load)
    {
        load.Running = true;
        effects.Add(new StartLoad(load));
    }

    /// <summary>Ends the load when the last one who waited for it has left. The queue counts where no instance serves it.</summary>
    private void AbandonUnwanted(ModelQueue model)
    {
        if (model.Load is { Abandoned: false, Callers.Count: 0 } load && (model.Waiting.Count == 0 || model.HasOpen)) Abandon(load);
    }

    /// <summary>The load stays under way until the backend has let go of it, so that no second one begins beside it.</summary>
    private void Abandon(Load load)
    {
        if (load.Abandoned) return;
        load.Abandoned = true;
        if (load.Running) effects.Add(new CancelLoad(load));
    }

    private void EndLoad(LoadEnded ended)
    {
        var load = ended.Load;
        load.Running = false;
        if (ended.Result is { } result)
        {
            Succeed(load, result);
            return;
        }

        var error = ended.Error!;
        if (error.Code == ErrorCode.InsufficientMemory && !load.Abandoned && TryMakeRoom(load)) load.Refusal = error;
        else Fail(load, error);
    }

    /// <summary>The instance counts from here on, whatever older looks say, and who waited is let in at once. So it is when a cancel came too late.</summary>
    private void Succeed(Load load, LoadResult result)
    {
        var model = load.Model;
        model.Load = null;
        if (!model.HasOpen)
            foreach (var waiter in model.Waiting) waiter.LoadTime = (waiter.LoadTime ?? 0) + now - Math.Max(load.StartedAt, waiter.AskedAt);
        var instance = Track(result.Instance, load.Order.ModelKey);
        instance.OnDemand = load.OnDemand && load.Callers.Count == 0 && !result.WasLoaded;
        instance.Since = ChangeOf(load.Backend);
        effects.Add(new LoadSucceeded(load, result, load.Callers.Count > 0));
        foreach (var caller in load.Callers)
        {
            caller.Load = null;
            effects.Add(new Loaded(caller, result));
        }

        DecideAll(instance.Models);
    }

    /// <summary>
    /// The error goes to everybody who waited for this load and is forgotten. Requests that waited for a load by hand, or came after the load was given up,
    /// are no part of it: what becomes of them is decided anew.
    /// </summary>
    private void Fail(Load load, GatewayError error)
    {
        var model = load.Model;
        model.Load = null;
        model.Since = ChangeOf(load.Backend);
        effects.Add(new LoadFailed(load, error));
        RefuseAll(load, error);
        ResolvePins(model);
        if (load is { OnDemand: true, Abandoned: false } && model.Instances.Count == 0 && model.Waiting.Count > 0)
        {
            if (error.Code == ErrorCode.ControlUnavailable && load.Backend.Traits.LoadsOnRequest) Lead(model);
            else RefuseAll(model, error);
        }

        Decide(model);
    }

    private void RefuseAll(Load load, GatewayError error)
    {
        foreach (var caller in load.Callers)
        {
            load.Remove(caller);
            caller.Load = null;
            effects.Add(new Refuse(caller, error));
        }
    }

    /// <summary>Shuts the least recently used idle instance that was loaded on demand and begins its unload, if there is one.</summary>
    private bool TryMakeRoom(Load load)
    {
        if (settings.Current.Scheduling.Evict != EvictPolicy.Idle) return false;
        var candidates = instances.Values
            .Where(instance => instance is { OnDemand: true, Standing: InstanceStanding.Open } && instance.Id.Backend == load.Backend.Name && !load.Kept.Contains(instance))
            .OrderBy(instance => instance.Gate.LastUsed);
        if (candidates.FirstOrDefault(instance => instance.Gate.TryCloseIdle()) is not { } evicted) return false;
        Begin(new Unload(load.Backend, evicted) { For = load });
        Start(evicted.Unload!);
        return true;
    }

    /// <summary>Tries again after an eviction; one that failed leaves the next candidate.</summary>
    private void Resume(Load load, TrackedInstance evicted, bool roomMade)
    {
        if (!roomMade) load.Kept.Add(evicted);
        if (load.Abandoned) Fail(load, SchedulingErrors.Abandoned(load.Order.ModelKey, load.Backend.Name));
        else if (roomMade) Attempt(load);
        else if (!TryMakeRoom(load)) Fail(load, load.Refusal!);
    }

    /// <summary>
    /// No way of loading answers, but the backend loads what it is asked for: the first in the queue goes ahead, and the others wait behind its
    /// closed gate until it is answered.
    /// </summary>
    private void Lead(ModelQueue model)
    {
        var waiter = model.Waiting.First!.Value;
        var id = new InstanceId(settings.Current.Node, model.Backend, model.ModelKey);
        instances.TryGetValue((id.Backend, id.Identifier), out var former);
        var instance = new TrackedInstance(id, new Gate(settings.Current.Scheduling.Parallel).WithLead())
        {
            Standing = InstanceStanding.Leading,
            Presumed = true,
            Since = former?.Since ?? Change.SeenAt(0),
        };
        File(instance, model.ModelKey);
        Grant(model, waiter, instance);
    }

    private void Confirm(TrackedInstance instance)
    {
        if (instance.Standing != InstanceStanding.Leading) return;
        var served = instance.Models.ToArray();
        if (served.Any(model => model.HasOpen)) Forget(instance);     // a look has found the real one meanwhile
        else
        {
            Open(instance);
            effects.Add(new Appeared(instance));
        }

        if (catalog.Find(instance.Id.Backend) is { } view) instance.Since = ChangeOf(view.Backend);
        DecideAll(served);
    }
}
