namespace LmGateway.Serving;

/// <summary>Where the time of a request went. Timestamps of its clock; zero where a point was not reached.</summary>
internal sealed class RequestTimes(TimeProvider time)
{
    private readonly long started = time.GetTimestamp();
    private long sent;
    private long first;

    public TimeSpan Queued { get; private set; }

    public TimeSpan Load { get; private set; }

    /// <summary>From sending to the first piece of the reply; null before it.</summary>
    public TimeSpan? FirstPiece => first == 0 ? null : time.GetElapsedTime(sent, first);

    public TimeSpan Total => time.GetElapsedTime(started);

    /// <summary>The request has its place and goes out now.</summary>
    public void NoteAdmission(TimeSpan queued, TimeSpan load)
    {
        (Queued, Load) = (queued, load);
        sent = time.GetTimestamp();
    }

    public void NotePiece()
    {
        if (first == 0) first = time.GetTimestamp();
    }
}
