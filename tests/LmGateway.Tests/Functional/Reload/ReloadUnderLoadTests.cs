using LmGateway.Reload;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional.Reload;

/// <summary>Reloads take nothing away from anybody.</summary>
public sealed class ReloadUnderLoadTests
{
    private const int Reloads = 100;
    private const int Callers = 50;

    [Fact]
    public async Task A_hundred_reloads_under_load_lose_nothing()
    {
        await using var gateway = await ReloadableGateway.StartAsync("lmstudio: {base_url: FIRST}");
        var over = false;
        var answered = 0;
        var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var streamed = caller % 2 == 0;
            while (!Volatile.Read(ref over))
            {
                var (status, body) = await gateway.ChatAsync(more: streamed ? "\"stream\":true" : "");
                Assert.True(status == 200, $"{status} {body}");
                Assert.True(streamed ? body.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal) : body.Contains("\"finish_reason\":\"stop\"", StringComparison.Ordinal), body);
                Interlocked.Increment(ref answered);
            }
        }, TestContext.Current.CancellationToken)).ToList();

        for (var i = 0; i < Reloads; i++)
        {
            var before = Volatile.Read(ref answered);
            // Bad ones are among them, and every tenth goes to the other backend.
            var outcome = await gateway.ReloadAsync((i % 10) switch
            {
                9 => "scheduling: {queue_limit: none}",
                < 5 => $"lmstudio: {{base_url: FIRST}}\nscheduling: {{queue_limit: {1000 + i}}}",
                _ => $"lmstudio: {{base_url: SECOND}}\nscheduling: {{queue_limit: {1000 + i}}}",
            });
            Assert.Equal(i % 10 == 9, outcome.IsRefused);
            await Eventually.TrueAsync(() => Volatile.Read(ref answered) > before || callers.Exists(caller => caller.IsFaulted), "requests are answered between two reloads");
        }

        Volatile.Write(ref over, true);
        await Task.WhenAll(callers);
        var record = gateway.Services.GetRequiredService<ConfigurationReload>().Record;
        Assert.True(record is { Applied: >= 90, Refused: >= 10 }, record.ToString());
        await Eventually.TrueAsync(() => gateway.First.State.Counters.Snapshot().OpenWebSockets + gateway.Second.State.Counters.Snapshot().OpenWebSockets <= 6, "the backends that were left are let go");
    }
}
