using LmGateway.Observability.Metrics;

namespace LmGateway.Observability;

/// <summary>Whether what was done last worked. A request that its caller gave up says nothing about that.</summary>
internal sealed class OperationRecord(ServiceFigures figures)
{
    private bool lastFailed;

    public bool LastFailed => Volatile.Read(ref lastFailed);

    /// <summary>A load ended; null as its time for one that failed.</summary>
    public void NoteLoad(string backend, string model, TimeSpan? took)
    {
        figures.NoteLoad(backend, model, took);
        Note(failed: took is null);
    }

    public void Note(bool failed)
    {
        if (Volatile.Read(ref lastFailed) != failed) Volatile.Write(ref lastFailed, failed);
    }
}
