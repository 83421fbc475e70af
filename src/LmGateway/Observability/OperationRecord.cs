namespace LmGateway.Observability;

/// <summary>Whether what was done last worked. A request that its caller gave up says nothing about that.</summary>
internal sealed class OperationRecord
{
    private bool lastFailed;

    public bool LastFailed => Volatile.Read(ref lastFailed);

    public void Note(bool failed)
    {
        if (Volatile.Read(ref lastFailed) != failed) Volatile.Write(ref lastFailed, failed);
    }
}
