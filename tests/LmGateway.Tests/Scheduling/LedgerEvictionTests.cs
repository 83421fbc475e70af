using LmGateway.Backends;
using LmGateway.Configuration;
using LmGateway.Scheduling;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Scheduling;

/// <summary>A load that does not fit makes room, but never at the cost of somebody's work or of what was loaded by hand.</summary>
public sealed class LedgerEvictionTests
{
    private readonly LedgerWorld world = new();

    [Fact]
    public void The_least_recently_used_idle_instance_that_was_loaded_on_demand_goes_first()
    {
        var (a, b, _) = (Loaded("a"), Loaded("b"), Loaded("c"));
        world.Release(a, b);
        world.Release(world.Ask("a"));

        var waiter = world.Ask("new");
        OutOfMemory();
        Assert.Equal("b", Unload.Instance.Id.Identifier);
        world.End(Unload);
        OutOfMemory();
        Assert.Equal("a", Unload.Instance.Id.Identifier);
        world.End(Unload);
        world.Succeed(Assert.Single(world.Loading));
        Assert.Contains(waiter, world.Held.Keys);
    }

    [Fact]
    public void When_nothing_can_be_evicted_the_load_fails_for_want_of_memory()
    {
        world.Release(Loaded("a"));
        Loaded("busy");
        var waiter = world.Ask("new");
        OutOfMemory();
        world.End(Unload);
        OutOfMemory();
        Assert.Equal(ErrorCode.InsufficientMemory, world.Refusal(waiter));
    }

    [Fact]
    public void What_was_loaded_by_hand_or_by_somebody_else_stays()
    {
        world.Order(new LoadOrder("mine"));
        world.Succeed(Assert.Single(world.Loading));
        world.Settle(world.Instance("mine"), world.Instance("theirs"));
        var waiter = world.Ask("new");
        OutOfMemory();
        Assert.Empty(world.Unloading);
        Assert.Equal(ErrorCode.InsufficientMemory, world.Refusal(waiter));
    }

    [Fact]
    public void A_load_on_demand_that_somebody_joined_by_hand_counts_as_loaded_by_hand()
    {
        var first = world.Ask("a");
        world.Order(Assert.Single(world.Loading).Order);
        world.Succeed(Assert.Single(world.Loading));
        world.Release(first);
        world.Ask("new");
        OutOfMemory();
        Assert.Empty(world.Unloading);
    }

    [Fact]
    public void A_load_by_hand_makes_room_too()
    {
        world.Release(Loaded("a"));
        var caller = world.Order(new LoadOrder("new"));
        OutOfMemory();
        world.End(Unload);
        world.Succeed(Assert.Single(world.Loading));
        Assert.IsType<LoadResult>(world.Answers[caller]);
    }

    [Fact]
    public void Nothing_is_evicted_where_that_is_off()
    {
        var careful = new LedgerWorld(new SchedulingOptions { Evict = EvictPolicy.Never });
        var a = careful.Ask("a");
        careful.Succeed(Assert.Single(careful.Loading));
        careful.Release(a);
        var waiter = careful.Ask("new");
        careful.Fail(Assert.Single(careful.Loading), ErrorCode.InsufficientMemory);
        Assert.Equal(ErrorCode.InsufficientMemory, careful.Refusal(waiter));
    }

    [Fact]
    public void A_request_for_what_is_being_evicted_waits_and_has_it_loaded_again()
    {
        world.Release(Loaded("a"));
        world.Ask("new");
        OutOfMemory();
        Assert.Null(world.Table.TryEnter(new ModelTarget("fake", "a")));
        var late = world.Ask("a");
        world.End(Unload);
        Assert.Equal(["new", "a"], world.Loading.Select(load => load.Order.ModelKey));
        world.Succeed(world.Loading[1]);
        Assert.Contains(late, world.Held.Keys);
    }

    [Fact]
    public void An_eviction_that_fails_opens_the_instance_again_and_the_next_one_is_tried()
    {
        world.Release(Loaded("a"));
        world.Release(Loaded("b"));
        var waiter = world.Ask("new");
        OutOfMemory();
        world.End(Unload, ErrorCode.BackendFault);
        Assert.Equal("b", Unload.Instance.Id.Identifier);
        world.End(Unload, ErrorCode.BackendFault);
        Assert.Equal(ErrorCode.InsufficientMemory, world.Refusal(waiter));
        Assert.NotNull(world.Table.TryEnter(new ModelTarget("fake", "a")));
    }

    [Fact]
    public void An_instance_that_went_by_itself_made_room_all_the_same()
    {
        world.Release(Loaded("a"));
        world.Ask("new");
        OutOfMemory();
        world.End(Unload, ErrorCode.ModelNotFound);
        Assert.Equal("new", Assert.Single(world.Loading).Order.ModelKey);
    }

    [Fact]
    public void Nothing_is_evicted_for_a_load_that_is_being_cancelled()
    {
        world.Release(Loaded("a"));
        world.Leave(world.Ask("new"));
        OutOfMemory();
        Assert.Empty(world.Unloading);
    }

    [Fact]
    public void A_load_that_nobody_wants_any_more_is_not_tried_again_after_an_eviction()
    {
        world.Release(Loaded("a"));
        var waiter = world.Ask("new");
        OutOfMemory();
        world.Leave(waiter);
        world.End(Unload);
        Assert.Empty(world.Loading);
        Assert.Empty(world.Cancelling);
    }

    private Unload Unload => Assert.Single(world.Unloading);

    private void OutOfMemory() => world.Fail(world.Loading.Single(load => load.Order.ModelKey == "new"), ErrorCode.InsufficientMemory);

    private Waiter Loaded(string modelKey)
    {
        var waiter = world.Ask(modelKey);
        world.Succeed(Assert.Single(world.Loading));
        return waiter;
    }
}
