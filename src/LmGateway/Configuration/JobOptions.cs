namespace LmGateway.Configuration;

internal sealed record JobOptions
{
    [Setting("jobs.parallel", "Downloads, deletions and copies of models that run at the same time; more wait.", Min = 1, Max = 64, Restart = true)]
    public int Parallel { get; init; } = 4;

    [Setting("jobs.silence_seconds", "How long such a job may make no progress before it is ended.", Min = 1, Max = 86400, Unit = "s")]
    public int SilenceSeconds { get; init; } = 600;

    [Setting("jobs.keep", "Jobs that have ended and can still be asked for.", Min = 1, Max = 10000)]
    public int Keep { get; init; } = 100;
}
