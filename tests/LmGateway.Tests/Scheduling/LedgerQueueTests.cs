using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Scheduling;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Scheduling;

/// <summary>Who may run on what is loaded, and in which order.</summary>
public sealed class LedgerQueueTests
{
    private readonly LedgerWorld world = new(new SchedulingOptions { QueueLimit = 3, Parallel = 2 }, new FakeBackend { Parallel = null });

    [Fact]
    public void As_many_requests_run_as_the_instance_allows_and_the_rest_follow_in_their_order()
    {
        world.Show(world.Instance(parallel: 3));
        var waiters = world.Ask(5);
        Assert.Equal(waiters[..3], world.Held.Keys);

        world.Release(waiters[1]);
        world.Release(waiters[0]);
        Assert.Equal([waiters[2], waiters[3], waiters[4]], world.Held.Keys.OrderBy(waiter => waiter.AskedAt));
    }

    [Fact]
    public void An_instance_that_does_not_say_runs_as_many_requests_as_the_setting_allows()
    {
        world.Show(world.Instance());
        world.Ask(5);
        Assert.Equal(2, world.Held.Count);
    }

    [Fact]
    public void The_least_busy_instance_is_taken_first()
    {
        world.Show(world.Instance(identifier: "a"), world.Instance(identifier: "b"));
        var used = world.Ask(4).Select(waiter => world.Held[waiter].Id.Identifier).ToArray();
        Assert.NotEqual(used[0], used[1]);
        Assert.NotEqual(used[2], used[3]);
    }

    [Fact]
    public void A_request_that_waits_takes_whichever_instance_frees_first()
    {
        world.Show(world.Instance(identifier: "a", parallel: 1), world.Instance(identifier: "b", parallel: 1));
        var waiters = world.Ask(3);
        var second = world.Held[waiters[1]];
        world.Release(waiters[1]);
        Assert.Same(second, world.Held[waiters[2]]);
    }

    [Fact]
    public void A_pinned_request_waits_for_its_instance_while_others_pass_to_another_one()
    {
        world.Show(world.Instance(identifier: "a", parallel: 1), world.Instance(identifier: "b", parallel: 1));
        var inside = world.Ask(identifier: "a");
        var pinned = world.Ask(identifier: "a");
        var free = world.Ask();
        Assert.True(world.Waits(pinned));
        Assert.Equal("b", world.Held[free].Id.Identifier);

        world.Release(inside);
        Assert.Equal("a", world.Held[pinned].Id.Identifier);
    }

    [Fact]
    public void A_request_for_an_instance_that_is_not_there_is_refused_and_never_sent_to_another_one()
    {
        world.Show(world.Instance(identifier: "a"));
        Assert.Equal(ErrorCode.ModelNotFound, world.Refusal(world.Ask(identifier: "b")));
    }

    [Fact]
    public void A_full_queue_refuses_with_retry_after()
    {
        world.Show(world.Instance());
        world.Ask(5);
        var error = Assert.IsType<GatewayError>(world.Answers[world.Ask()]);
        Assert.Equal(ErrorCode.QueueFull, error.Code);
        Assert.NotNull(error.RetryAfter);
    }

    [Fact]
    public void A_request_that_left_the_queue_frees_its_place_and_is_never_let_in()
    {
        world.Show(world.Instance());
        var waiters = world.Ask(5);
        world.Leave(waiters[2]);
        Assert.Null(world.Answers[waiters[2]]);
        Assert.True(world.Waits(world.Ask()));

        world.Release(waiters[0]);
        Assert.Contains(waiters[3], world.Held.Keys);
        Assert.DoesNotContain(waiters[2], world.Held.Keys);
    }

    [Fact]
    public void Leaving_after_the_slot_was_granted_changes_nothing()
    {
        world.Show(world.Instance());
        var waiter = world.Ask();
        world.Leave(waiter);
        Assert.IsType<TrackedInstance>(world.Answers[waiter]);
    }

    [Fact]
    public void Nobody_enters_past_a_queue()
    {
        world.Show(world.Instance());
        var target = new ModelTarget("fake", "m");
        Assert.NotNull(world.Table.TryEnter(target));
        var inside = world.Ask();
        var waiting = world.Ask();
        world.Held[inside].Gate.Limit = 3;
        Assert.Null(world.Table.TryEnter(target));

        world.Release(inside);
        Assert.Contains(waiting, world.Held.Keys);
        Assert.NotNull(world.Table.TryEnter(target));
    }

    [Fact]
    public void A_new_instance_takes_requests_that_wait_for_another_one_of_its_model()
    {
        world.Show(world.Instance(identifier: "a", parallel: 1));
        var waiters = world.Ask(2);
        world.Show(world.Instance(identifier: "a", parallel: 1), world.Instance(identifier: "b", parallel: 1));
        Assert.Equal("b", world.Held[waiters[1]].Id.Identifier);
    }

    [Fact]
    public void A_vanished_instance_is_loaded_again_and_takes_nobody_meanwhile()
    {
        world.Show(world.Instance());
        var inside = world.Ask();
        var old = world.Held[inside];
        world.Show();
        Assert.False(old.Gate.TryEnter());
        var next = world.Ask();
        world.Succeed(Assert.Single(world.Loading));
        Assert.NotSame(old, world.Held[next]);
    }

    [Fact]
    public void An_instance_that_is_seen_again_remembers_who_runs_on_it()
    {
        world.Show(world.Instance(parallel: 1));
        var inside = world.Ask();
        world.Show();
        world.Show(world.Instance(parallel: 1));
        var next = world.Ask();
        Assert.True(world.Waits(next));
        world.Release(inside);
        Assert.Contains(next, world.Held.Keys);
    }

    [Fact]
    public void A_look_that_failed_changes_nothing()
    {
        world.Show(world.Instance());
        world.Show(world.Seen() with { Reachable = false, Stale = true });
        Assert.Contains(world.Ask(), world.Held.Keys);
    }

    [Fact]
    public void An_unreachable_backend_is_said_to_be_so()
    {
        world.Show(world.Seen() with { Reachable = false, Problem = "Connection refused." });
        var error = Assert.IsType<GatewayError>(world.Answers[world.Ask()]);
        Assert.Equal((ErrorCode.BackendUnreachable, "'fake' cannot be reached. Connection refused."), (error.Code, error.Message));
    }

    [Fact]
    public void Draining_refuses_those_who_wait_and_those_who_come_and_leaves_the_rest_alone()
    {
        world.Show(world.Instance());
        var waiters = world.Ask(3);
        var other = world.Ask("other");
        world.Do(new Drained());
        Assert.Equal(ErrorCode.Draining, world.Refusal(waiters[2]));
        Assert.Equal(ErrorCode.Draining, world.Refusal(other));
        Assert.Equal(ErrorCode.Draining, world.Refusal(world.Ask()));
        Assert.Equal(world.Loading, world.Cancelling);
        Assert.Null(world.Table.TryEnter(new ModelTarget("fake", "m")));
        world.Release(waiters[..2]);
        Assert.Empty(world.Held);
    }
}
