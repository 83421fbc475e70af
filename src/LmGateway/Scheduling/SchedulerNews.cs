using LmGateway.Backends;
using LmGateway.Events;
using LmGateway.Observability;
using LmGateway.Vocabulary;

namespace LmGateway.Scheduling;

/// <summary>Tells the event hub what the run loop decided and heard. The loop alone uses it.</summary>
internal sealed class SchedulerNews(EventHub hub, OperationRecord operations, TimeProvider time)
{
    private readonly Dictionary<Unload, long> unloading = [];
    private IReadOnlyList<WaitingModel> told = [];

    /// <summary>What the loop heard, before it decides about it.</summary>
    public void Tell(SchedulerEvent happened)
    {
        if (happened is not UnloadEnded ended || !unloading.Remove(ended.Unload, out var started) || !hub.IsListening) return;
        var took = time.GetElapsedTime(started);
        var subject = Subject(ended.Unload.Instance);
        hub.Publish(ended.Error is null or { Code: ErrorCode.ModelNotFound }
            ? new ModelUnloaded(subject, OriginOf(ended.Unload)) { Took = took }
            : new ModelUnloadFailed(subject, ended.Error, took));
    }

    /// <summary>What the loop decided.</summary>
    public void Tell(Effect effect)
    {
        switch (effect)
        {
            case StartUnload start: unloading[start.Unload] = time.GetTimestamp(); break;
            case LoadSucceeded { Load: var load }: operations.NoteLoad(load.Backend.Name, load.Order.ModelKey, time.GetElapsedTime(load.StartedAt)); break;
            case LoadFailed { Load: var load, Error.Code: not ErrorCode.Cancelled }: operations.NoteLoad(load.Backend.Name, load.Order.ModelKey, took: null); break;
        }

        if (hub.IsListening) Publish(effect);
    }

    private void Publish(Effect effect)
    {
        switch (effect)
        {
            case LoadBegan began:
                hub.Publish(new ModelLoadStarted(Subject(began.Load), began.Load.Order.Settings, began.Load.OnDemand));
                break;
            case LoadSucceeded { Claimed: false } done:
                hub.Publish(new ModelLoaded(Subject(done.Load) with { InstanceId = done.Result.Instance.Identifier }, OriginOf(done))
                {
                    Took = time.GetElapsedTime(done.Load.StartedAt),
                    Settings = done.Load.Order.Settings,
                    NotApplied = [.. done.Result.NotApplied.Select(item => item.Parameter)],
                });
                break;
            case LoadFailed failed:
                hub.Publish(new ModelLoadFailed(Subject(failed.Load), failed.Error, time.GetElapsedTime(failed.Load.StartedAt)));
                break;
            case StartUnload start:
                hub.Publish(new ModelUnloadStarted(Subject(start.Unload.Instance), OriginOf(start.Unload)));
                break;
            case Appeared appeared:
                hub.Publish(new ModelLoaded(Subject(appeared.Instance), ModelChangeOrigin.External));
                break;
            case Vanished vanished:
                hub.Publish(new ModelUnloaded(Subject(vanished.Instance), ModelChangeOrigin.External));
                break;
        }
    }

    /// <summary>How long the queues are now.</summary>
    public void Tell(IReadOnlyList<WaitingModel> waiting)
    {
        if (waiting.Count == 0 && told.Count == 0) return;
        if (hub.IsListening)
        {
            foreach (var queue in waiting)
                if (!told.Contains(queue)) hub.Publish(new QueueChanged(queue.Backend, queue.ModelKey, queue.Requests));
            foreach (var queue in told)
                if (!waiting.Any(now => now.Backend == queue.Backend && now.ModelKey == queue.ModelKey)) hub.Publish(new QueueChanged(queue.Backend, queue.ModelKey, 0));
        }

        told = waiting;
    }

    /// <summary>The progress of a load, as its backend tells it; on any thread.</summary>
    public IProgress<double> Following(Load load) => new LoadProgress(hub, load);

    private static ModelSubject Subject(Load load) => new(load.Backend.Name, load.Order.ModelKey, load.Order.Identifier);

    private static ModelSubject Subject(TrackedInstance instance) => new(instance.Id.Backend, instance.Keys.Count > 0 ? instance.Keys[0] : instance.Id.Identifier, instance.Id.Identifier);

    private static ModelChangeOrigin OriginOf(LoadSucceeded done) =>
        done.Result.WasLoaded ? ModelChangeOrigin.External : done.Load.OnDemand ? ModelChangeOrigin.OnDemand : ModelChangeOrigin.Requested;

    private static ModelChangeOrigin OriginOf(Unload unload) => unload.For is null ? ModelChangeOrigin.Requested : ModelChangeOrigin.OnDemand;

    private sealed class LoadProgress(EventHub hub, Load load) : IProgress<double>
    {
        public void Report(double value)
        {
            load.Report(value);
            if (hub.IsListening) hub.Publish(new ModelLoadProgressed(Subject(load), value));
        }
    }
}
