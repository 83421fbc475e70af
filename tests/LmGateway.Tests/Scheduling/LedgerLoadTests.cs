using LmGateway.Backends;
using LmGateway.Configuration;
using LmGateway.Scheduling;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Scheduling;

/// <summary>Loads: one of a model at a time, shared by all who want it.</summary>
public sealed class LedgerLoadTests
{
    private static readonly LoadOrder ByHand = new("m") { Identifier = "mine" };
    private readonly LedgerWorld world = new(new SchedulingOptions { OnDemandContextLength = 8192, OnDemandTtlSeconds = 60 });

    private Load Load => Assert.Single(world.Loading);

    [Fact]
    public void Many_requests_cause_one_load_and_are_let_in_by_its_result()
    {
        var waiters = world.Ask(10);
        var order = Load.Order;
        Assert.Equal(new LoadOrder("m") { Ttl = TimeSpan.FromMinutes(1), Settings = new LoadSettings { ContextLength = 8192 } }, order);

        world.Succeed(Load);
        Assert.Equal(waiters[..4], world.Held.Keys);
        Assert.All(waiters, waiter => Assert.NotNull(waiter.LoadTime));
        Assert.Single(world.Looks);
    }

    [Fact]
    public void A_time_to_live_of_zero_is_none()
    {
        var eternal = new LedgerWorld(new SchedulingOptions { OnDemandTtlSeconds = 0 });
        eternal.Ask();
        Assert.Null(Assert.Single(eternal.Loading).Order.Ttl);
    }

    [Fact]
    public void Two_models_load_at_the_same_time()
    {
        world.Ask("a");
        world.Ask("b");
        Assert.Equal(["a", "b"], world.Loading.Select(load => load.Order.ModelKey));
    }

    [Fact]
    public void A_waiter_that_leaves_does_not_end_the_load_and_the_last_one_does()
    {
        var waiters = world.Ask(2);
        world.Leave(waiters[0]);
        Assert.Empty(world.Cancelling);
        world.Leave(waiters[1]);
        Assert.Same(Load, Assert.Single(world.Cancelling));
    }

    [Fact]
    public void A_request_that_comes_while_a_load_is_being_cancelled_gets_a_new_one_after_it()
    {
        world.Leave(world.Ask());
        var next = world.Ask();
        world.Fail(Load, ErrorCode.Cancelled);
        Assert.True(world.Waits(next));
        Assert.Empty(world.Loading);       // the backend is looked at first

        world.Settle();
        world.Succeed(Load);
        Assert.Contains(next, world.Held.Keys);
    }

    [Fact]
    public void A_load_that_succeeds_although_it_was_cancelled_is_used()
    {
        world.Leave(world.Ask());
        var next = world.Ask();
        world.Succeed(Load);
        Assert.Contains(next, world.Held.Keys);
        Assert.Empty(world.Loading);
    }

    [Fact]
    public void A_cancelled_load_that_left_its_instance_behind_is_found_and_used()
    {
        world.Leave(world.Ask());
        var next = world.Ask();
        world.Fail(Load, ErrorCode.Cancelled);
        world.Settle(world.Instance());
        Assert.Contains(next, world.Held.Keys);
        Assert.Empty(world.Loading);
    }

    [Fact]
    public void A_failed_load_fails_all_who_wait_with_the_same_error_and_is_forgotten()
    {
        var waiters = world.Ask(3);
        world.Fail(Load);
        Assert.All(waiters, waiter => Assert.Same(world.Answers[waiters[0]], world.Answers[waiter]));
        Assert.Equal(ErrorCode.LoadFailed, world.Refusal(waiters[0]));

        world.Settle();
        var next = world.Ask();
        world.Succeed(Load);
        Assert.Contains(next, world.Held.Keys);
    }

    [Fact]
    public void Requests_wait_for_a_load_by_hand_and_take_its_instance()
    {
        var caller = world.Order(ByHand);
        var waiter = world.Ask();
        world.Succeed(Load);
        Assert.IsType<LoadResult>(world.Answers[caller]);
        Assert.Equal("mine", world.Held[waiter].Id.Identifier);
    }

    [Fact]
    public void A_load_by_hand_goes_on_without_its_caller_while_requests_wait_for_it()
    {
        var caller = world.Order(ByHand);
        var waiter = world.Ask();
        world.Leave(caller);
        Assert.Empty(world.Cancelling);
        world.Leave(waiter);
        Assert.Single(world.Cancelling);
    }

    [Fact]
    public void A_load_by_hand_ends_with_its_last_caller()
    {
        var callers = new[] { world.Order(ByHand), world.Order(ByHand) };
        world.Leave(callers[0]);
        Assert.Empty(world.Cancelling);
        world.Leave(callers[1]);
        Assert.Same(Load, Assert.Single(world.Cancelling));
    }

    [Fact]
    public void Nobody_joins_a_load_that_is_being_cancelled()
    {
        world.Leave(world.Order(ByHand));
        var next = world.Order(ByHand);
        world.Fail(Load, ErrorCode.Cancelled);
        Assert.True(world.Waits(next));
        world.Succeed(Load);
        Assert.IsType<LoadResult>(world.Answers[next]);
    }

    [Fact]
    public void A_load_by_hand_that_fails_leaves_requests_to_a_load_of_their_own()
    {
        var caller = world.Order(ByHand);
        var waiter = world.Ask();
        world.Fail(Load, ErrorCode.IdentifierTaken);
        Assert.Equal(ErrorCode.IdentifierTaken, world.Refusal(caller));
        world.Settle();
        Assert.True(Load.OnDemand);
        world.Succeed(Load);
        Assert.Contains(waiter, world.Held.Keys);
    }

    [Fact]
    public void The_same_order_twice_is_one_load()
    {
        LoadOrder Twin() => ByHand with { Settings = new LoadSettings { DisabledGpus = [1] } };
        var callers = new[] { world.Order(Twin()), world.Order(Twin()) };
        world.Succeed(Load);
        Assert.All(callers, caller => Assert.IsType<LoadResult>(world.Answers[caller]));
    }

    [Fact]
    public void Different_orders_for_one_model_follow_one_another()
    {
        world.Order(ByHand);
        var second = world.Order(ByHand with { Identifier = "another" });
        Assert.Equal("mine", Load.Order.Identifier);
        world.Succeed(Load);
        Assert.Equal("another", Load.Order.Identifier);
        world.Succeed(Load);
        Assert.IsType<LoadResult>(world.Answers[second]);
    }

    [Fact]
    public void An_order_whose_caller_left_before_its_turn_is_never_begun()
    {
        world.Order(ByHand);
        world.Leave(world.Order(ByHand with { Identifier = "another" }));
        world.Succeed(Load);
        Assert.Empty(world.Loading);
    }

    [Fact]
    public void A_look_that_began_before_a_load_ended_does_not_hide_its_instance()
    {
        world.Ask();
        world.Succeed(Load);
        world.Show();
        Assert.Contains(world.Ask(), world.Held.Keys);
        world.Settle();
        world.Ask();
        Assert.Single(world.Loading);     // a look that began afterwards counts
    }

    [Fact]
    public void An_instance_that_shows_up_while_its_model_loads_is_not_used_before_the_load_has_ended()
    {
        var waiter = world.Ask();
        world.Show(world.Instance());
        Assert.True(world.Waits(waiter));
        world.Succeed(Load);
        Assert.Contains(waiter, world.Held.Keys);
    }

    [Fact]
    public void A_variant_that_was_ordered_is_found_by_its_own_name_and_by_its_models()
    {
        var waiter = world.Ask("m@q4");
        var load = Load;
        world.Loading.Clear();
        world.Do(new LoadEnded(load, new LoadResult(world.Instance("m")), null));
        Assert.Contains(waiter, world.Held.Keys);
        world.Settle(world.Instance("m"));
        Assert.Contains(world.Ask("m@q4"), world.Held.Keys);
        Assert.Contains(world.Ask("m"), world.Held.Keys);
        Assert.Empty(world.Loading);
    }

    [Fact]
    public void Requests_under_two_names_of_one_instance_are_let_in_by_arrival()
    {
        world.Backend.Parallel = 1;
        var inside = world.Ask("m@q4");
        var load = Load;
        world.Loading.Clear();
        world.Do(new LoadEnded(load, new LoadResult(world.Instance("m")), null));
        var first = world.Ask("m");
        var second = world.Ask("m@q4");
        world.Release(inside);
        Assert.Contains(first, world.Held.Keys);
        world.Release(first);
        Assert.Contains(second, world.Held.Keys);
    }

    [Fact]
    public void Nothing_is_loaded_on_demand_where_that_is_off()
    {
        var careful = new LedgerWorld(new SchedulingOptions { OnDemand = false });
        var error = Assert.IsType<GatewayError>(careful.Answers[careful.Ask()]);
        Assert.Equal(ErrorCode.ModelNotFound, error.Code);
        Assert.Contains("scheduling.on_demand.enabled", error.Message, StringComparison.Ordinal);
        Assert.Empty(careful.Loading);
    }

    [Theory]
    [InlineData(true, nameof(ErrorCode.ControlUnavailable))]
    [InlineData(false, nameof(ErrorCode.ModelNotFound))]
    public void Without_a_way_to_load_the_request_is_refused(bool canLoad, string expected)
    {
        var mute = new LedgerWorld(backend: new FakeBackend { CanLoad = canLoad, Control = ControlChannels.None });
        Assert.Equal(expected, mute.Refusal(mute.Ask()).ToString());
    }

    [Fact]
    public void A_load_by_hand_is_refused_where_the_backend_cannot_load()
    {
        var mute = new LedgerWorld(backend: new FakeBackend { CanLoad = false });
        Assert.Equal(ErrorCode.NotSupported, mute.Refusal(mute.Order(ByHand)));
    }
}
