namespace LmGateway.Serving;

/// <summary>Where the time of a request went. Timestamps of its clock; zero where a point was not reached.</summary>
internal sealed class RequestTimes(TimeProvider time)
{
    private readonly long started = time.GetTimestamp();
    private long sent;
    private long first;

    public TimeSpan Queued { get; set; }

    public TimeSpan Load { get; set; }

    /// <summary>From sending to the first piece of the reply; null before it.</summary>
    public TimeSpan? FirstPiece => first == 0 ? null : time.GetElapsedTime(sent, first);

    public TimeSpan Total => time.GetElapsedTime(started);

    public void NoteSent() => sent = time.GetTimestamp();

    public void NotePiece()
    {
        if (first == 0) first = time.GetTimestamp();
    }
}
