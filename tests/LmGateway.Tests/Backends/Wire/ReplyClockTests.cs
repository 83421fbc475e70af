using LmGateway.Backends.Wire;
using Xunit;

namespace LmGateway.Tests.Backends.Wire;

/// <summary>The clock that ends exchanges which take too long, one exchange after another.</summary>
public sealed class ReplyClockTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualTime time = new();
    private readonly ReplyClock clock;
    private int ended;

    public ReplyClockTests() => clock = new ReplyClock(time, () => ended++);

    public void Dispose() => clock.Dispose();

    [Fact]
    public void The_whole_time_ends_an_exchange_however_often_something_was_read()
    {
        clock.Begin(10 * Second, 4 * Second, time.GetTimestamp());
        for (var read = 0; read < 3; read++)
        {
            time.Advance(3 * Second);
            clock.Touch();
        }

        Assert.Equal((0, null), (ended, clock.Expired));
        time.Advance(Second);
        Assert.Equal((1, 10 * Second), (ended, clock.Expired));
        Assert.False(clock.End());
    }

    [Fact]
    public void Silence_ends_an_exchange_when_it_has_lasted_so_long_since_the_last_read()
    {
        clock.Begin(null, 4 * Second, time.GetTimestamp());
        time.Advance(3 * Second);
        clock.Touch();
        time.Advance(4 * Second - TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, ended);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal((1, 4 * Second), (ended, clock.Expired));
    }

    [Fact]
    public void An_exchange_that_is_over_in_time_is_not_ended_and_neither_is_the_next_by_its_limit()
    {
        clock.Begin(5 * Second, null, time.GetTimestamp());
        time.Advance(4 * Second);
        Assert.True(clock.End());
        clock.Begin(5 * Second, null, time.GetTimestamp());
        time.Advance(4 * Second);
        Assert.Equal(0, ended);
        time.Advance(Second);
        Assert.Equal((1, 5 * Second), (ended, clock.Expired));
    }

    [Fact]
    public void A_shorter_limit_holds_although_the_timer_was_set_for_a_longer_one()
    {
        clock.Begin(100 * Second, null, time.GetTimestamp());
        Assert.True(clock.End());
        clock.Begin(2 * Second, null, time.GetTimestamp());
        time.Advance(2 * Second);
        Assert.Equal(1, ended);
    }

    [Fact]
    public void What_an_exchange_took_before_it_had_its_connection_counts()
    {
        var since = time.GetTimestamp();
        time.Advance(3 * Second);
        clock.Begin(5 * Second, null, since);
        time.Advance(2 * Second);
        Assert.Equal(1, ended);
    }

    [Fact]
    public void Without_limits_nothing_is_waited_for()
    {
        clock.Begin(Timeout.InfiniteTimeSpan, null, time.GetTimestamp());
        Assert.Equal(0, time.Pending);
        Assert.True(clock.End());
    }

    [Fact]
    public void Exchanges_in_time_leave_the_timer_alone()
    {
        for (var exchange = 0; exchange < 1000; exchange++)
        {
            clock.Begin(60 * Second, 20 * Second, time.GetTimestamp());
            clock.Touch();
            Assert.True(clock.End());
            Assert.Equal(1, time.Pending);
        }

        time.Advance(100 * Second);
        Assert.Equal((0, 0), (ended, time.Pending));
    }
}
