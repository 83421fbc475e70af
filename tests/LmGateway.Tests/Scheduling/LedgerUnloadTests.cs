using LmGateway.Backends;
using LmGateway.Scheduling;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Scheduling;

/// <summary>Unloads wait for running work, and looks that are older than they are cannot undo them.</summary>
public sealed class LedgerUnloadTests
{
    private readonly LedgerWorld world = new(backend: new FakeBackend { Parallel = 2 });

    public LedgerUnloadTests() => world.Show(world.Instance());

    private Unload Unload => Assert.Single(world.Unloading);

    [Fact]
    public void An_idle_instance_goes_at_once()
    {
        var caller = world.Unload("m");
        world.End(Unload);
        Assert.IsType<InstanceId>(world.Answers[caller]);
        Assert.Single(world.Looks);
    }

    [Fact]
    public void An_unload_waits_for_running_requests_and_lets_no_new_ones_in()
    {
        var running = world.Ask(2);
        world.Unload("m");
        world.Release(running[0]);
        var late = world.Ask();
        Assert.True(world.Waits(late));
        Assert.Empty(world.Unloading);

        world.Release(running[1]);
        world.End(Unload);
        world.Succeed(Assert.Single(world.Loading));
        Assert.Contains(late, world.Held.Keys);
    }

    [Fact]
    public void An_unload_whose_time_is_over_is_refused_and_requests_go_on()
    {
        var running = world.Ask();
        var caller = world.Unload("m");
        var late = world.Ask();
        world.Leave(caller, overdue: true);
        Assert.Equal(ErrorCode.InstanceInUse, world.Refusal(caller));
        Assert.Contains(late, world.Held.Keys);
        world.Release(running);
        Assert.Empty(world.Unloading);
    }

    [Fact]
    public void An_unload_that_its_caller_cancels_is_called_off()
    {
        world.Ask();
        world.Leave(world.Unload("m"));
        Assert.Contains(world.Ask(), world.Held.Keys);
    }

    [Fact]
    public void One_of_two_callers_may_leave()
    {
        var running = world.Ask();
        var callers = new[] { world.Unload("m"), world.Unload("m") };
        world.Leave(callers[0]);
        world.Release(running);
        world.End(Unload);
        Assert.IsType<InstanceId>(world.Answers[callers[1]]);
    }

    [Fact]
    public void Force_does_not_wait()
    {
        world.Ask();
        var patient = world.Unload("m");
        Assert.Empty(world.Unloading);
        world.Unload("m", force: true);
        world.End(Unload);
        Assert.IsType<InstanceId>(world.Answers[patient]);
    }

    [Fact]
    public void An_unload_that_began_is_not_overdue_any_more()
    {
        var caller = world.Unload("m");
        world.Leave(caller, overdue: true);
        Assert.True(world.Waits(caller));
        world.End(Unload);
        Assert.IsType<InstanceId>(world.Answers[caller]);
    }

    [Fact]
    public void A_failed_unload_opens_the_instance_again()
    {
        var caller = world.Unload("m");
        var waiter = world.Ask();
        world.End(Unload, ErrorCode.BackendUnreachable);
        Assert.Equal(ErrorCode.BackendUnreachable, world.Refusal(caller));
        Assert.Contains(waiter, world.Held.Keys);
    }

    [Fact]
    public void What_is_not_loaded_cannot_be_unloaded()
    {
        Assert.Equal(ErrorCode.ModelNotFound, world.Refusal(world.Unload("unknown")));
        world.Unload("m");
        world.End(Unload);
        Assert.Equal(ErrorCode.ModelNotFound, world.Refusal(world.Unload("m")));
    }

    [Fact]
    public void An_instance_that_shows_up_while_its_model_loads_can_be_unloaded()
    {
        world.Show();
        world.Ask();
        world.Show(world.Instance(identifier: "theirs"));
        world.Unload("theirs");
        Assert.Equal("theirs", Unload.Instance.Id.Identifier);
    }

    [Fact]
    public void A_look_that_began_before_an_unload_ended_does_not_bring_the_instance_back()
    {
        world.Unload("m");
        world.End(Unload);
        world.Show(world.Instance());
        Assert.Null(world.Table.TryEnter(new ModelTarget("fake", "m")));
        world.Settle(world.Instance());
        Assert.Contains(world.Ask(), world.Held.Keys);        // loaded again by somebody else
    }

    [Fact]
    public void What_the_backend_denies_is_out_of_use_until_a_look_has_shown_the_truth()
    {
        var running = world.Ask();
        world.Do(new Missed(world.Held[running]));
        var waiter = world.Ask();
        world.Show(world.Instance());
        Assert.True(world.Waits(waiter));
        world.Settle();
        world.Succeed(Assert.Single(world.Loading));
        Assert.Contains(waiter, world.Held.Keys);
    }

    [Fact]
    public void What_the_backend_denied_by_mistake_is_used_again_with_what_still_runs_on_it()
    {
        var running = world.Ask(2);
        world.Do(new Missed(world.Held[running[0]]));
        world.Settle(world.Instance());
        var waiter = world.Ask();
        Assert.True(world.Waits(waiter));
        world.Release(running[0]);
        Assert.Contains(waiter, world.Held.Keys);
        Assert.Empty(world.Loading);
    }

    [Fact]
    public void An_identifier_that_passes_to_another_model_serves_that_one()
    {
        world.Show(world.Instance("other", "m"));
        world.Ask("m");
        Assert.Equal("m", Assert.Single(world.Loading).Order.ModelKey);
        Assert.Contains(world.Ask("other"), world.Held.Keys);
    }
}
