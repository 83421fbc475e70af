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

    public LedgerView View() => new(
        [.. from model in models.Values where model.Waiting.Count > 0 select new WaitingModel(model.Backend, model.ModelKey, model.Waiting.Count)],
        [.. models.Values.Select(model => model.Load).OfType<Load>()],
        Draining);
}

/// <summary>Queues and loads as of the last event. Instances and the progress of loads change without events and are read where they stand.</summary>
internal sealed record LedgerView(IReadOnlyList<WaitingModel> Waiting, IReadOnlyList<Load> Loads, bool Draining);
