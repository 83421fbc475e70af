using LmGateway.Backends;
using LmGateway.Configuration;
using LmGateway.Tests.Scheduling;
using Xunit;

namespace LmGateway.Tests.Backends;

public sealed class BackendSetTests
{
    private readonly Dictionary<string, FakeBackend> made = [];

    [Fact]
    public async Task A_change_that_is_not_adopted_leaves_nothing_behind_and_takes_nothing_away()
    {
        var settings = Of("ollama");
        await using var set = new BackendSet(settings, Plans);

        var change = set.Prepare(Of("ollama", "vllm=openai@http://127.0.0.1:1"));
        Assert.Equal(["ollama", "vllm"], change.Backends.Select(backend => backend.Name));
        await set.AbandonAsync(change);

        Assert.True(made["vllm"].IsDisposed);
        Assert.False(made["ollama"].IsDisposed);
        Assert.Equal(["ollama"], set.Current.Select(backend => backend.Name));
    }

    [Fact]
    public async Task A_backend_that_falls_out_goes_when_what_began_before_has_ended()
    {
        var drained = new TaskCompletionSource();
        await using var set = new BackendSet(Of("ollama"), Plans);

        set.Adopt(set.Prepare(Of("vllm=openai@http://127.0.0.1:1")), drained.Task);
        Assert.False(made["ollama"].IsDisposed);
        drained.SetResult();

        await SchedulerHouse.UntilAsync(() => made["ollama"].IsDisposed);
        Assert.False(made["vllm"].IsDisposed);
    }

    private static GatewayOptions Of(params string[] backends) => new() { Node = "node", Backends = backends };

    private IReadOnlyList<BackendPlan> Plans(GatewayOptions options) =>
        [.. options.BackendEntries.Select(entry => new BackendPlan(entry, () => made[entry.Name] = new FakeBackend(entry.Name)))];
}
