namespace LeanNats.Transport;

/// <summary>The end of a task, whichever it is.</summary>
internal static class Settled
{
    public static async Task Of(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
