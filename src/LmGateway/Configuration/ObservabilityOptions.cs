namespace LmGateway.Configuration;

internal sealed record JournalOptions
{
    [Setting("journal.size", "How many requests are remembered for GET /debug/requests; running ones are kept longest.", Min = 16, Max = 100000, Restart = true)]
    public int Size { get; init; } = 1000;

    [Setting("journal.capture", "Keep the bodies of requests and replies in memory too, for GET /debug/requests/{id}. Prompts and answers are in them.")]
    public bool Capture { get; init; }

    [Setting("journal.capture_bytes", "How much of each body is kept.", Min = 256, Max = 16777216, Unit = "bytes")]
    public int CaptureBytes { get; init; } = 64 * 1024;
}

internal sealed record MetricsOptions
{
    [Setting("metrics.prometheus", "Answer GET /metrics in Prometheus' text format.", Restart = true)]
    public bool Prometheus { get; init; } = true;

    [Setting("metrics.server_timing", "Tell in the Server-Timing header of each reply how its time splits into queue, load, backend and gateway.")]
    public bool ServerTiming { get; init; } = true;
}
