using LmGateway.Vocabulary;

namespace LmGateway.Scheduling;

/// <summary>Unloads: the gate shuts, running requests end, then the backend is asked.</summary>
internal sealed partial class Ledger
{
    private void Order(UnloadCaller caller)
    {
        var (backend, identifier) = (caller.Instance.Backend, caller.Instance.Identifier);
        if (!instances.TryGetValue((backend, identifier), out var instance)) instance = AdoptListed(caller.Instance);
        if (catalog.Find(backend) is not { } view || instance is not { Standing: InstanceStanding.Open or InstanceStanding.Closing or InstanceStanding.Leading })
        {
            effects.Add(new Refuse(caller, SchedulingErrors.InstanceNotLoaded(identifier, backend)));
            return;
        }

        if (instance.Standing == InstanceStanding.Leading)
        {
            effects.Add(new Refuse(caller, SchedulingErrors.InUse(instance.Id, instance.Gate.Running)));
            return;
        }

        if (instance.Unload is null) Begin(new Unload(view.Backend, instance));
        instance.Unload!.Callers.Add(caller);
        caller.Unload = instance.Unload;
        if (!caller.Unload.Started && (caller.Force || instance.Gate.Running == 0)) Start(caller.Unload);
    }

    /// <summary>An instance that is listed but not offered yet, because a load of its model is under way, can be unloaded all the same.</summary>
    private TrackedInstance? AdoptListed(InstanceId id)
    {
        foreach (var listed in catalog.InstancesWithIdentifier(id.Identifier))
            if (listed.Id.Backend == id.Backend) return Adopt(listed);
        return null;
    }

    private void Begin(Unload unload)
    {
        unload.Instance.Gate.Close();
        unload.Instance.Standing = InstanceStanding.Closing;
        unload.Instance.Unload = unload;
        InstancesChanged = true;
    }

    private void Start(Unload unload)
    {
        unload.Started = true;
        effects.Add(new StartUnload(unload));
    }

    /// <summary>An unload that has not begun is called off with its last caller; one that has begun goes on.</summary>
    private void Leave(UnloadCaller caller, bool overdue)
    {
        if (caller.Unload is not { } unload || (overdue && unload.Started)) return;
        unload.Callers.Remove(caller);
        caller.Unload = null;
        effects.Add(overdue ? new Refuse(caller, SchedulingErrors.InUse(caller.Instance, unload.Instance.Gate.Running)) : new Dismiss(caller));
        if (unload.Started || unload.Callers.Count > 0) return;
        Open(unload.Instance);
        DecideAll(unload.Instance.Models);
    }

    private void EndUnload(Unload unload, GatewayError? error)
    {
        var instance = unload.Instance;
        var served = instance.Models.ToArray();
        var gone = error is null or { Code: ErrorCode.ModelNotFound };
        instance.Unload = null;
        if (gone) Bury(instance, ChangeOf(unload.Backend));
        else Open(instance);
        foreach (var caller in unload.Callers)
        {
            caller.Unload = null;
            effects.Add(error is null ? new Unloaded(caller) : new Refuse(caller, error));
        }

        if (unload.For is { } load) Resume(load, instance, gone);
        DecideAll(served);
    }

    private void RefuseAll(Unload unload)
    {
        foreach (var caller in unload.Callers)
        {
            caller.Unload = null;
            effects.Add(new Refuse(caller, SchedulingErrors.Draining()));
        }

        unload.Callers.Clear();
    }
}
