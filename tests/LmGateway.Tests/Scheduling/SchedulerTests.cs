using LmGateway.Backends;
using LmGateway.Configuration;
using LmGateway.Scheduling;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Scheduling;

/// <summary>The scheduler as its callers see it, over a real catalog.</summary>
public sealed class SchedulerTests
{
    private static readonly LoadOrder ByHand = new("m");

    [Fact]
    public async Task A_loaded_model_with_a_free_slot_is_entered_at_once()
    {
        await using var house = new SchedulerHouse(new FakeBackend());
        house.Backend.Put("m");
        await house.RefreshAsync();
        (await house.AcquireAsync()).Dispose();
        var entered = house.Scheduler.AcquireAsync(SchedulerHouse.Target(), CancellationToken.None);
        Assert.True(entered.IsCompletedSuccessfully);
        using var lease = await entered;
        Assert.Equal(("m", false, false), (lease.Identifier, lease.LoadedForThis, lease.JustInTime));
    }

    [Fact]
    public async Task A_cold_model_is_loaded_and_the_lease_says_how_long_that_took()
    {
        var time = new ManualTime();
        var backend = new FakeBackend { OnLoad = (_, _) => { time.Advance(TimeSpan.FromSeconds(3)); return Task.CompletedTask; } };
        await using var house = new SchedulerHouse(backend, time: time);
        using var lease = await house.AcquireAsync();
        Assert.Equal((true, TimeSpan.FromSeconds(3), TimeSpan.Zero), (lease.LoadedForThis, lease.LoadTime, lease.QueueTime));
        await SchedulerHouse.UntilAsync(() => house.Catalog.Current.Instances.Count == 1);
    }

    [Fact]
    public async Task Giving_a_lease_back_twice_frees_one_slot()
    {
        await using var house = new SchedulerHouse(new FakeBackend { Parallel = 1 });
        var first = await house.AcquireAsync();
        first.Dispose();
        var second = await house.AcquireAsync();
        first.Dispose();
        var third = house.AcquireAsync();
        await house.UntilWaitingAsync(1);
        second.Dispose();
        (await third.WaitAsync(SchedulerHouse.Patience)).Dispose();
    }

    [Fact]
    public async Task The_last_waiter_to_cancel_ends_the_load_in_the_backend()
    {
        var backend = new FakeBackend { OnLoad = (_, token) => Task.Delay(Timeout.Infinite, token) };
        await using var house = new SchedulerHouse(backend);
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var waiting = new[] { house.AcquireAsync(cancellationToken: first.Token), house.AcquireAsync(cancellationToken: second.Token) };
        await house.UntilWaitingAsync(2);

        await first.CancelAsync();
        Assert.Equal(first.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting[0])).CancellationToken);
        Assert.Equal((1, 0), (backend.Loads, backend.Cancelled));
        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting[1]);
        await SchedulerHouse.UntilAsync(() => backend.Cancelled == 1);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_takes_no_slot()
    {
        await using var house = new SchedulerHouse(new FakeBackend());
        house.Backend.Put("m");
        await house.RefreshAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => house.AcquireAsync(cancellationToken: new CancellationToken(canceled: true)));
        Assert.All(house.Scheduler.View().Instances, instance => Assert.Equal(0, instance.Running));
    }

    [Fact]
    public async Task A_load_that_takes_too_long_is_given_up_with_a_timeout()
    {
        var time = new ManualTime();
        var backend = new FakeBackend { OnLoad = (_, token) => Task.Delay(Timeout.Infinite, token) };
        await using var house = new SchedulerHouse(backend, new SchedulingOptions { LoadTimeoutSeconds = 7 }, time);
        var waiting = house.AcquireAsync();
        await SchedulerHouse.UntilAsync(() => backend.Loads == 1);
        time.Advance(TimeSpan.FromSeconds(7));
        var error = await SchedulerHouse.RefusalAsync(waiting);
        Assert.Equal(
            (ErrorCode.BackendTimeout, "Loading 'm' did not end within 7 s and was given up. Raise scheduling.load_timeout_seconds if it needs longer."),
            (error.Code, error.Message));
        Assert.Equal(1, backend.Cancelled);
    }

    [Fact]
    public async Task The_backends_error_reaches_every_waiter_and_a_strange_one_becomes_a_failed_load()
    {
        var fault = new TaskCompletionSource();
        await using var house = new SchedulerHouse(new FakeBackend { OnLoad = (_, token) => fault.Task.WaitAsync(token) });
        var waiting = new[] { house.AcquireAsync(), house.AcquireAsync() };
        await house.UntilWaitingAsync(2);
        fault.SetException(new InvalidOperationException("The file is damaged."));
        foreach (var waiter in waiting)
            Assert.Equal(new GatewayError(ErrorCode.LoadFailed, "'fake': The file is damaged.") { Backend = "fake" } with { Details = [] }, await SchedulerHouse.RefusalAsync(waiter) with { Details = [] });
    }

    [Fact]
    public async Task A_load_by_hand_reports_progress_to_all_who_ordered_it_and_shows_in_the_catalog()
    {
        var gate = new TaskCompletionSource();
        await using var house = new SchedulerHouse(new FakeBackend { OnLoad = (_, token) => gate.Task.WaitAsync(token) });
        await house.RefreshAsync();
        var heard = new Heard();
        var first = house.Scheduler.LoadAsync(house.Backend, ByHand, heard, CancellationToken.None);
        await SchedulerHouse.UntilAsync(() => heard.Values.Contains(0.5));
        await SchedulerHouse.UntilAsync(() => house.Scheduler.View().Loads.Any(load => load is { Backend: "fake", ModelKey: "m", OnDemand: false, Progress: 0.5 }));
        var second = house.LoadAsync(ByHand);
        gate.SetResult();
        Assert.Same((await first).Instance, (await second.WaitAsync(SchedulerHouse.Patience)).Instance);
        Assert.Equal("m", Assert.Single(house.Catalog.Current.Instances).Identifier);
        Assert.Equal(1, house.Backend.Loads);
    }

    [Fact]
    public async Task An_unload_waits_for_running_requests_and_shows_in_the_catalog()
    {
        await using var house = new SchedulerHouse(new FakeBackend());
        var lease = await house.AcquireAsync();
        var unload = house.Scheduler.UnloadAsync(lease.Instance, force: false, CancellationToken.None);
        await SchedulerHouse.UntilAsync(() => house.Scheduler.View().Instances.Count == 0);
        Assert.Empty(house.Backend.Unloaded);
        lease.Dispose();
        await unload.WaitAsync(SchedulerHouse.Patience);
        Assert.Empty(house.Catalog.Current.Instances);
    }

    [Fact]
    public async Task An_unload_gives_up_when_running_requests_do_not_end()
    {
        var time = new ManualTime();
        await using var house = new SchedulerHouse(new FakeBackend(), new SchedulingOptions { UnloadWaitSeconds = 30 }, time);
        using var lease = await house.AcquireAsync();
        var unload = house.Scheduler.UnloadAsync(lease.Instance, force: false, CancellationToken.None);
        await SchedulerHouse.UntilAsync(() => house.Scheduler.View().Instances.Count == 0);
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(ErrorCode.InstanceInUse, (await SchedulerHouse.RefusalAsync(unload)).Code);
        (await house.AcquireAsync().WaitAsync(SchedulerHouse.Patience)).Dispose();
    }

    [Fact]
    public async Task A_limit_of_the_wait_that_is_taken_away_refuses_nobody_and_one_that_is_set_holds_for_those_who_wait_already()
    {
        var time = new ManualTime();
        var options = new SchedulingOptions { QueueWaitSeconds = 60 };
        await using var house = new SchedulerHouse(new FakeBackend { Parallel = 1 }, options, time);
        using var lease = await house.AcquireAsync();
        var waiting = house.AcquireAsync();
        await house.UntilWaitingAsync(1);
        await SchedulerHouse.UntilAsync(() => time.Pending > 0);

        house.Reload(options with { QueueWaitSeconds = 0 });
        for (var second = 0; second < 120; second++) time.Advance(TimeSpan.FromSeconds(1));
        await house.RefreshAsync();
        await house.UntilWaitingAsync(1);
        Assert.False(waiting.IsCompleted);

        house.Reload(options with { QueueWaitSeconds = 130 });
        await SchedulerHouse.UntilAsync(() => time.Pending > 0);
        for (var second = 0; second < 20; second++) time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ErrorCode.QueueFull, (await SchedulerHouse.RefusalAsync(waiting)).Code);
    }

    [Fact]
    public async Task An_unload_that_may_not_wait_is_refused_at_once_or_forced()
    {
        await using var house = new SchedulerHouse(new FakeBackend(), new SchedulingOptions { UnloadWaitSeconds = 0 });
        using var lease = await house.AcquireAsync();
        Assert.Equal(ErrorCode.InstanceInUse, (await SchedulerHouse.RefusalAsync(house.Scheduler.UnloadAsync(lease.Instance, false, CancellationToken.None))).Code);
        await house.Scheduler.UnloadAsync(lease.Instance, force: true, CancellationToken.None).WaitAsync(SchedulerHouse.Patience);
        Assert.Equal(["m"], house.Backend.Unloaded);
    }

    [Fact]
    public async Task A_load_without_room_evicts_what_was_loaded_on_demand_and_is_idle()
    {
        var backend = new FakeBackend();
        backend.OnLoad = (_, _) => backend.Identifiers.Count < 2 ? Task.CompletedTask : throw new GatewayException(ErrorCode.InsufficientMemory, "No room.");
        await using var house = new SchedulerHouse(backend);
        (await house.AcquireAsync("idle")).Dispose();
        using var busy = await house.AcquireAsync("busy");
        using var lease = await house.AcquireAsync("new").WaitAsync(SchedulerHouse.Patience);
        Assert.Equal(["idle"], backend.Unloaded);
        Assert.Equal("No room.", (await SchedulerHouse.RefusalAsync(house.AcquireAsync("more"))).Message);
    }

    [Fact]
    public async Task An_expired_instance_is_loaded_again_as_soon_as_a_look_has_missed_it()
    {
        await using var house = new SchedulerHouse(new FakeBackend());
        (await house.AcquireAsync()).Dispose();
        house.Backend.Expire("m");
        await house.RefreshAsync();
        await SchedulerHouse.UntilAsync(() => house.Scheduler.View().Instances.Count == 0);
        using var lease = await house.AcquireAsync();
        Assert.True(lease.LoadedForThis);
        Assert.Equal(2, house.Backend.Loads);
    }

    [Fact]
    public async Task What_the_backend_denies_is_looked_for_and_loaded_again()
    {
        await using var house = new SchedulerHouse(new FakeBackend());
        var lease = await house.AcquireAsync();
        await house.RefreshAsync();
        house.Backend.Expire("m");
        lease.Missing();
        lease.Dispose();
        using var again = await house.AcquireAsync().WaitAsync(SchedulerHouse.Patience);
        Assert.True(again.LoadedForThis);
    }

    [Fact]
    public async Task A_backend_that_comes_back_is_used_without_waiting_for_the_next_poll()
    {
        await using var house = new SchedulerHouse(new FakeBackend { Up = false });
        Assert.Equal(ErrorCode.BackendUnreachable, (await SchedulerHouse.RefusalAsync(house.AcquireAsync())).Code);
        house.Backend.Up = true;
        (await house.AcquireAsync().WaitAsync(SchedulerHouse.Patience)).Dispose();
    }

    [Fact]
    public async Task An_unknown_backend_is_an_error()
    {
        await using var house = new SchedulerHouse(new FakeBackend());
        Assert.Equal(ErrorCode.ModelNotFound, (await SchedulerHouse.RefusalAsync(house.Scheduler.AcquireAsync(new ModelTarget("other", "m"), default).AsTask())).Code);
    }

    [Fact]
    public async Task Stopping_refuses_who_waits_cancels_loads_and_leaves_running_requests_alone()
    {
        var backend = new FakeBackend { OnLoad = (order, token) => order.ModelKey == "m" ? Task.CompletedTask : Task.Delay(Timeout.Infinite, token) };
        var house = new SchedulerHouse(backend);
        var running = await house.AcquireAsync();
        var waiting = house.AcquireAsync("cold");
        var order = house.LoadAsync(new LoadOrder("colder"));
        var unload = house.Scheduler.UnloadAsync(running.Instance, force: false, CancellationToken.None);
        await SchedulerHouse.UntilAsync(() => backend.Loads == 3);
        await house.DisposeAsync().AsTask().WaitAsync(SchedulerHouse.Patience);

        foreach (var refused in new Task[] { waiting, order, unload, house.AcquireAsync() })
            Assert.Equal(ErrorCode.Draining, (await SchedulerHouse.RefusalAsync(refused)).Code);
        Assert.Equal((2, 0), (backend.Cancelled, backend.Unloaded.Count));
        running.Dispose();
    }

    private sealed class Heard : IProgress<double>
    {
        public System.Collections.Concurrent.ConcurrentQueue<double> Values { get; } = [];

        public void Report(double value) => Values.Enqueue(value);
    }
}
