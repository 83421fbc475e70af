namespace LmGateway.Scheduling;

/// <summary>What other threads may see of the ledger.</summary>
internal sealed partial class Ledger
{
    private InstanceTable table = InstanceTable.Empty;

    private bool InstancesChanged { get; set; }

    /// <summary>The instances that may be entered, as of the last event.</summary>
    public InstanceTable Table()
    {
        if (Draining) return InstanceTable.Empty;
        if (InstancesChanged) table = new InstanceTable([.. instances.Values.Where(instance => instance.Standing == InstanceStanding.Open)], catalog.Version);
        else if (table.Version != catalog.Version) table = table.At(catalog.Version);
        InstancesChanged = false;
        return table;
    }

    /// <summary>Queues and loads, without the instances.</summary>
    public SchedulerState View() => new()
    {
        Waiting = [.. from model in models.Values where model.Waiting.Count > 0 select new WaitingModel(model.Backend, model.ModelKey, model.Waiting.Count)],
        Loads = [.. from model in models.Values
                    let load = model.Load
                    where load is not null
                    select new LoadUnderWay(model.Backend, model.ModelKey, load.OnDemand, load.Progress)],
        Draining = Draining,
    };
}
