using LmGateway.Backends;
using LmGateway.Configuration;
using LmGateway.Scheduling;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Scheduling;

/// <summary>Where nothing can be loaded by the gateway, one request goes ahead to the backend's own loader.</summary>
public sealed class LedgerLeadTests
{
    private readonly LedgerWorld world = World(new ControlChannels(false, Rest: true, false));
    private readonly LedgerWorld blind = World(ControlChannels.None);

    private static LedgerWorld World(ControlChannels control) =>
        new(new SchedulingOptions { Parallel = 3 }, new FakeBackend { LoadsOnRequest = true, Control = control, Parallel = 2 });

    [Fact]
    public void One_request_goes_ahead_and_the_others_follow_when_it_is_answered()
    {
        var waiters = world.Ask(4);
        var lead = Assert.Single(world.Held);
        Assert.Equal((waiters[0], InstanceStanding.Leading, "m"), (lead.Key, lead.Value.Standing, lead.Value.Id.Identifier));
        Assert.Empty(world.Loading);

        world.Do(new Answered(lead.Value));
        Assert.Equal(waiters[..3], world.Held.Keys);
        Assert.Single(world.Looks);
    }

    [Fact]
    public void The_next_one_goes_ahead_when_the_first_ends_without_an_answer()
    {
        var waiters = world.Ask(3);
        world.Release(waiters[0]);
        Assert.Equal([waiters[1]], world.Held.Keys);
        Assert.Equal(InstanceStanding.Leading, world.Held[waiters[1]].Standing);
    }

    [Fact]
    public void A_look_that_shows_the_model_lets_the_others_in_before_the_answer_and_tells_how_many()
    {
        var waiters = world.Ask(4);
        world.Show(world.Instance());
        Assert.Equal(waiters[..2], world.Held.Keys);
    }

    [Fact]
    public void A_look_that_shows_the_model_under_another_name_is_believed()
    {
        var waiters = world.Ask(4);
        world.Show(world.Instance(identifier: "m:2"));
        Assert.Equal(waiters[..3], world.Held.Keys);
        world.Do(new Answered(world.Held[waiters[0]]));
        world.Release(waiters[0]);
        Assert.Equal("m:2", Assert.Single(world.Table.Instances).Id.Identifier);
    }

    [Fact]
    public void After_the_answer_only_a_look_that_began_later_counts()
    {
        var lead = world.Ask();
        world.Do(new Answered(world.Held[lead]));
        world.Show();
        Assert.Equal(InstanceStanding.Open, world.Held[world.Ask()].Standing);
        world.Settle();
        Assert.Equal(InstanceStanding.Leading, world.Held[world.Ask()].Standing);
    }

    [Fact]
    public void Where_instances_cannot_be_listed_the_model_counts_as_present_until_it_is_denied()
    {
        var lead = blind.Ask();
        blind.Do(new Answered(blind.Held[lead]));
        blind.Settle();
        var next = blind.Ask();
        Assert.Equal(InstanceStanding.Open, blind.Held[next].Standing);

        blind.Do(new Missed(blind.Held[next]));
        blind.Settle();
        Assert.Equal(InstanceStanding.Leading, blind.Held[blind.Ask()].Standing);
    }

    [Fact]
    public void A_load_that_finds_the_control_connection_gone_lets_one_request_go_ahead()
    {
        var late = World(new ControlChannels(WebSocket: true, true, false));
        var waiters = late.Ask(2);
        late.Fail(Assert.Single(late.Loading), ErrorCode.ControlUnavailable);
        Assert.Equal(InstanceStanding.Leading, late.Held[waiters[0]].Standing);
        Assert.True(late.Waits(waiters[1]));
    }

    [Fact]
    public void Requests_behind_one_that_went_ahead_are_refused_when_the_backend_turns_out_to_be_away()
    {
        var waiters = world.Ask(3);
        world.Show(world.Seen() with { Reachable = false, Stale = true, Problem = "Connection refused." });
        world.Release(waiters[0]);
        Assert.Equal(ErrorCode.BackendUnreachable, world.Refusal(waiters[1]));
        Assert.Equal(ErrorCode.BackendUnreachable, world.Refusal(waiters[2]));
    }

    [Fact]
    public void What_is_only_coming_cannot_be_unloaded()
    {
        world.Ask();
        Assert.Equal(ErrorCode.InstanceInUse, world.Refusal(world.Unload("m")));
    }
}
