namespace LmGateway.Configuration;

internal sealed record RuntimeOptions
{
    [Setting("runtime.low_cpu", "Work on the threads that read the sockets and let threads without work sleep at once: the least CPU time for each request and token, for a longer wait of the slowest requests while all cores are busy.", Restart = true)]
    public bool LowCpu { get; init; } = true;
}
