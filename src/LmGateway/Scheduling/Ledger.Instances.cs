using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Vocabulary;

namespace LmGateway.Scheduling;

/// <summary>Which instances there are: what loads and unloads said, and what looks at the backends show.</summary>
internal sealed partial class Ledger
{
    private void Release(TrackedInstance instance)
    {
        switch (instance.Standing)
        {
            case InstanceStanding.Open:
                DecideAll(instance.Models);
                break;
            case InstanceStanding.Closing when instance is { Gate.Running: 0, Unload.Started: false }:
                Start(instance.Unload);
                break;
            case InstanceStanding.Leading when instance.Gate.Running == 0:      // it went without an answer: the next one goes
                var served = instance.Models.ToArray();
                Forget(instance);
                DecideAll(served);
                break;
            case InstanceStanding.Vanished when instance.Gate.Running == 0:
                Forget(instance);
                break;
        }
    }

    private void Look(CatalogSnapshot snapshot)
    {
        if (snapshot.Version <= catalog.Version) return;
        catalog = snapshot;
        foreach (var view in snapshot.Backends) Compare(view);
        foreach (var instance in instances.Values.ToArray()) ForgetIfTakenOut(instance);
        DecideAll(models.Values);
    }

    /// <summary>What runs on a backend that was taken out of the settings, or waits for it there, ends there; nothing more is known of it after that.</summary>
    private void ForgetIfTakenOut(TrackedInstance instance)
    {
        if (catalog.Find(instance.Id.Backend) is null && instance.Gate.Running == 0 && instance.Models.TrueForAll(model => model.Waiting.Count == 0)) Lose(instance);
    }

    private void Settle(Change change, long version)
    {
        change.Version = version;
        foreach (var view in catalog.Backends) Compare(view);
        DecideAll(models.Values);
    }

    /// <summary>The backend denied the instance: it is out of use until a look that begins now has shown whether it is there.</summary>
    private void Miss(TrackedInstance instance)
    {
        if (instance.Standing != InstanceStanding.Open) return;
        var served = instance.Models.ToArray();
        Lose(instance);
        if (catalog.Find(instance.Id.Backend) is { } view)
        {
            instance.Since = ChangeOf(view.Backend);
            foreach (var model in served) model.Since = instance.Since;
        }

        DecideAll(served);
    }

    private void Compare(BackendView view)
    {
        if (!view.Reachable || view.Stale || Draining) return;
        foreach (var seen in view.Instances) See(seen);
        if (view.Instances.Count == 0 && view.Control == ControlChannels.None) return;      // it cannot tell
        foreach (var instance in instances.Values.Where(instance => instance.Id.Backend == view.Name && instance.LastSeen != catalog.Version).ToArray())
            if (instance.Since.Version <= catalog.Version) Lose(instance);
    }

    private void See(ModelInstance seen)
    {
        instances.TryGetValue((seen.Id.Backend, seen.Identifier), out var instance);
        if (instance?.Since.Version > catalog.Version) return;
        if (instance is null || IsAnother(instance, seen))
        {
            if (instance is not null) Lose(instance);
            var model = Model(seen.Id.Backend, seen.ModelKey);
            if (model.Load is null && model.Since.Version <= catalog.Version) Adopt(seen);
            return;
        }

        instance.LastSeen = catalog.Version;
        instance.Presumed = false;
        instance.Gate.Limit = seen.Parallel ?? settings.Current.Scheduling.Parallel;
        if (instance.Standing is not InstanceStanding.Closing) File(instance, seen.ModelKey);
        if (instance.Standing == InstanceStanding.Vanished) instance.OnDemand = false;      // whoever brought it back may mean to keep it
        if (instance.Standing is not (InstanceStanding.Leading or InstanceStanding.Vanished)) return;
        Open(instance);
        effects.Add(new Appeared(instance));
    }

    /// <summary>The identifier is the same, but what bore it was unloaded since, or was a copy of another model.</summary>
    private static bool IsAnother(TrackedInstance known, ModelInstance seen) =>
        known.Standing == InstanceStanding.Gone || (known is { Presumed: false, Unload: null } && !known.Keys.Contains(seen.ModelKey));

    private TrackedInstance Adopt(ModelInstance seen)
    {
        var instance = Track(seen, seen.ModelKey);
        instance.Since = Change.SeenAt(catalog.Version);
        instance.LastSeen = catalog.Version;
        effects.Add(new Appeared(instance));
        return instance;
    }

    /// <summary>A look no longer shows it.</summary>
    private void Lose(TrackedInstance instance)
    {
        switch (instance.Standing)
        {
            case InstanceStanding.Open when instance.Gate.Running > 0:
                effects.Add(new Vanished(instance));
                Withdraw(instance);
                instance.Standing = InstanceStanding.Vanished;
                if (instance.Gate.Running == 0) Forget(instance);
                break;
            case InstanceStanding.Open:
                effects.Add(new Vanished(instance));
                Forget(instance);
                break;
            case InstanceStanding.Gone:
                Forget(instance);
                break;
        }
    }

    /// <summary>An instance that the backend says it has: the one known by this identifier, or a new one.</summary>
    private TrackedInstance Track(ModelInstance seen, string orderedKey)
    {
        instances.TryGetValue((seen.Id.Backend, seen.Identifier), out var instance);
        if (instance is not { Standing: InstanceStanding.Open or InstanceStanding.Closing or InstanceStanding.Leading })
            instance = new TrackedInstance(seen.Id, new Gate(seen.Parallel ?? settings.Current.Scheduling.Parallel) { LastUsed = now });
        File(instance, orderedKey);
        File(instance, seen.ModelKey);
        instance.Presumed = false;
        if (instance.Standing == InstanceStanding.Leading) Open(instance);
        return instance;
    }

    /// <summary>Offers the instance to those who wait for the model with this key.</summary>
    private void File(TrackedInstance instance, string modelKey)
    {
        instances[(instance.Id.Backend, instance.Id.Identifier)] = instance;
        if (!instance.Keys.Contains(modelKey)) instance.Keys.Add(modelKey);
        foreach (var model in instance.Keys.Select(key => Model(instance.Id.Backend, key)).Where(model => !instance.Models.Contains(model)))
        {
            instance.Models.Add(model);
            model.Instances.Add(instance);
        }

        InstancesChanged = true;
    }

    private void Open(TrackedInstance instance)
    {
        instance.Standing = InstanceStanding.Open;
        instance.Unload = null;
        if (!Draining) instance.Gate.Open();
        InstancesChanged = true;
    }

    private void Withdraw(TrackedInstance instance)
    {
        instance.Gate.Close();
        foreach (var model in instance.Models) model.Instances.Remove(instance);
        instance.Models.Clear();
        InstancesChanged = true;
    }

    private void Forget(TrackedInstance instance)
    {
        Withdraw(instance);
        var name = (instance.Id.Backend, instance.Id.Identifier);
        if (instances.GetValueOrDefault(name) == instance) instances.Remove(name);
    }

    /// <summary>It is gone, and stays so until a look that began after the change lists it again.</summary>
    private void Bury(TrackedInstance instance, Change change)
    {
        Withdraw(instance);
        instance.Standing = InstanceStanding.Gone;
        instance.Since = change;
    }

    private Change ChangeOf(IBackend backend)
    {
        if (Draining) return Change.SeenAt(0);
        var change = new Change();
        effects.Add(new Look(backend, change));
        return change;
    }

    private void DecideAll(IEnumerable<ModelQueue> concerned)
    {
        var byArrival = concerned.ToArray();
        if (byArrival.Length > 1) Array.Sort(byArrival, static (left, right) => FirstArrival(left).CompareTo(FirstArrival(right)));
        foreach (var model in byArrival) Decide(model);
    }

    private static long FirstArrival(ModelQueue model) => model.Waiting.First?.Value.AskedAt ?? long.MaxValue;
}
