namespace LmGateway.Observability.Metrics;

/// <summary>What requests of one API for one model came to. Any number of threads may count.</summary>
internal sealed class RequestFigures(RequestSeries series)
{
    private readonly long[] outcomes = new long[3];
    private long promptTokens;
    private long completionTokens;

    public RequestSeries Series { get; } = series;

    public Histogram Duration { get; } = new(Histogram.Seconds);

    /// <summary>Of streams: from sending the request to the first piece of the answer.</summary>
    public Histogram FirstToken { get; } = new(Histogram.Seconds);

    /// <summary>Of streams: the time between two tokens, on the average of each request.</summary>
    public Histogram PerToken { get; } = new(Histogram.Seconds);

    public Histogram Speed { get; } = new(Histogram.Speeds);

    public Histogram QueueWait { get; } = new(Histogram.Seconds);

    /// <summary>The gateway's own part: neither the queue, nor a load, nor the backend.</summary>
    public Histogram Overhead { get; } = new(Histogram.Seconds);

    public long PromptTokens => Volatile.Read(ref promptTokens);

    public long CompletionTokens => Volatile.Read(ref completionTokens);

    public long Count(RequestState outcome) => Volatile.Read(ref outcomes[outcome - RequestState.Done]);

    public void Note(RequestTrace trace)
    {
        Interlocked.Increment(ref outcomes[trace.State - RequestState.Done]);
        Duration.Note(trace.Total.TotalSeconds);
        if (trace.Identifier is not null) NoteRun(trace);
        if (trace.Usage is not { } usage) return;
        Interlocked.Add(ref promptTokens, usage.PromptTokens);
        Interlocked.Add(ref completionTokens, usage.CompletionTokens);
    }

    private void NoteRun(RequestTrace trace)
    {
        QueueWait.Note(trace.Queued.TotalSeconds);
        if (trace.State == RequestState.Done) Overhead.Note(trace.Overhead.TotalSeconds);
        if (trace.TokensPerSecond is { } speed) Speed.Note(speed);
        if (!trace.Streamed || trace.FirstPiece is not { } first) return;
        FirstToken.Note(first.TotalSeconds);
        if (trace.TimePerToken is { } pause) PerToken.Note(pause.TotalSeconds);
    }
}

/// <summary>What figures are told apart by.</summary>
internal readonly record struct RequestSeries(string Api, string Backend, string Model);

/// <summary>The loads of one model.</summary>
internal sealed class LoadFigures(string backend, string model)
{
    private long failed;

    public string Backend { get; } = backend;

    public string Model { get; } = model;

    /// <summary>Of loads that succeeded.</summary>
    public Histogram Duration { get; } = new(Histogram.Seconds);

    public long Failed => Volatile.Read(ref failed);

    public void NoteFailure() => Interlocked.Increment(ref failed);
}
