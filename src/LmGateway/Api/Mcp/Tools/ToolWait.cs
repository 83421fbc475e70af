namespace LmGateway.Api.Mcp.Tools;

/// <summary>Waits while telling, once a second, what it waits for.</summary>
internal static class ToolWait
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    /// <summary>Returns when the work has ended, however it did. The description is told whenever it changes.</summary>
    public static async Task UntilEndedAsync(Task work, Func<string> describe, Action<string> tell, TimeProvider time)
    {
        string? told = null;
        while (!work.IsCompleted)
        {
            if (describe() is var now && now != told) tell(told = now);
            using var awake = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
            await Task.WhenAny(work, Task.Delay(Pace, time, awake.Token));
            await awake.CancelAsync();
        }
    }
}
