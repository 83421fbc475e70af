namespace LmStudio.Client.Tests.Servers;

/// <summary>Waits for what will happen, with a limit that only a defect reaches.</summary>
internal static class Eventually
{
    public static async Task HoldsAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition()) await Task.Delay(5, limit.Token);
    }
}
