using LmGateway.Events;
using Xunit;

namespace LmGateway.Tests.Events;

public sealed class EventHubTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Nothing_is_kept_while_nobody_listens()
    {
        var hub = new EventHub(TimeProvider.System);
        hub.Publish(Happened(1));
        Assert.False(hub.IsListening);
        using var subscription = hub.Subscribe();
        Assert.True(hub.IsListening);
        Assert.False(subscription.TryRead(out _));
    }

    [Fact]
    public void Every_subscriber_reads_every_event_in_order()
    {
        var hub = new EventHub(TimeProvider.System);
        using var one = hub.Subscribe();
        using var other = hub.Subscribe();
        for (var i = 0; i < 100; i++) hub.Publish(Happened(i));
        var read = Numbers(one).ToList();
        Assert.Equal(Enumerable.Range(0, 100), read);
        Assert.Equal(read, Numbers(other));
        Assert.Equal(0, hub.Dropped);
    }

    [Fact]
    public async Task A_subscriber_that_waits_is_woken()
    {
        var hub = new EventHub(TimeProvider.System);
        using var subscription = hub.Subscribe();
        await using var reader = subscription.ReadAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        for (var i = 0; i < 20; i++)
        {
            var next = reader.MoveNextAsync();
            hub.Publish(Happened(i));
            Assert.True(await next.AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken));
            Assert.Equal(i, Number(reader.Current));
        }
    }

    [Fact]
    public async Task Many_subscribers_are_woken_together_a_moment_later()
    {
        var time = new ManualTime();
        using var hub = new EventHub(time);
        var many = Enumerable.Range(0, EventHub.Few + 1).Select(_ => hub.Subscribe()).ToList();
        var waiting = many.Select(subscription => subscription.WaitAsync(TestContext.Current.CancellationToken).AsTask()).ToList();
        for (var i = 0; i < 3; i++) hub.Publish(Happened(i));
        time.Advance(EventHub.Gathering - TimeSpan.FromTicks(1));
        Assert.DoesNotContain(waiting, task => task.IsCompleted);
        time.Advance(TimeSpan.FromTicks(1));
        await Task.WhenAll(waiting).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.All(many, subscription => Assert.Equal([0, 1, 2], Numbers(subscription)));
        many.ForEach(subscription => subscription.Dispose());
    }

    [Fact]
    public void A_slow_subscriber_loses_the_oldest_events_and_is_told_how_many()
    {
        var hub = new EventHub(TimeProvider.System);
        using var slow = hub.Subscribe();
        using var quick = hub.Subscribe();
        var seen = 0;
        for (var i = 0; i < EventHub.Capacity + 1000; i++)
        {
            hub.Publish(Happened(i));
            seen += Numbers(quick).Count();
        }

        Assert.Equal(EventHub.Capacity + 1000, seen);
        Assert.True(slow.TryRead(out var first));
        var lost = Assert.IsType<EventsDropped>(first.Event).Count;
        var rest = Numbers(slow).ToList();
        Assert.Equal(lost, rest[0]);
        Assert.Equal(EventHub.Capacity + 1000, lost + rest.Count);
        Assert.Equal(EventHub.Capacity + 999, rest[^1]);
        Assert.Equal(lost, hub.Dropped);
    }

    [Fact]
    public void A_subscriber_that_comes_back_resumes_behind_the_last_event_it_has_seen()
    {
        var hub = new EventHub(TimeProvider.System);
        long last;
        using (var first = hub.Subscribe())
        {
            hub.Publish(Happened(1));
            Assert.True(first.TryRead(out var seen));
            last = seen.Id;
        }

        hub.Publish(Happened(2));
        hub.Publish(Happened(3));
        using var again = hub.Subscribe(after: last);
        Assert.Equal([2, 3], Numbers(again));
    }

    [Fact]
    public void A_subscriber_that_comes_back_too_late_is_told_that_events_are_lost()
    {
        var time = new ManualTime();
        var hub = new EventHub(time);
        long last;
        using (var first = hub.Subscribe())
        {
            hub.Publish(Happened(1));
            Assert.True(first.TryRead(out var seen));
            last = seen.Id;
        }

        time.Advance(EventHub.Linger);
        Assert.False(hub.IsListening);
        hub.Publish(Happened(2));
        using var again = hub.Subscribe(after: last);
        hub.Publish(Happened(3));
        Assert.True(again.TryRead(out var gap));
        Assert.Null(Assert.IsType<EventsDropped>(gap.Event).Count);
        Assert.Equal([3], Numbers(again));
    }

    [Fact]
    public void A_resume_from_further_back_than_the_ring_tells_how_many_are_lost()
    {
        var hub = new EventHub(TimeProvider.System);
        using var first = hub.Subscribe();
        hub.Publish(Happened(0));
        Assert.True(first.TryRead(out var seen));
        for (var i = 1; i <= EventHub.Capacity + 10; i++) hub.Publish(Happened(i));
        using var again = hub.Subscribe(after: seen.Id);
        Assert.True(again.TryRead(out var gap));
        Assert.Equal(10, Assert.IsType<EventsDropped>(gap.Event).Count);
        Assert.Equal(Enumerable.Range(11, EventHub.Capacity), Numbers(again));
    }

    [Fact]
    public async Task Many_publishers_and_a_reader_lose_nothing_that_is_not_told()
    {
        const int publishers = 8, each = 20_000;
        var hub = new EventHub(TimeProvider.System);
        using var subscription = hub.Subscribe();
        var publishing = Task.WhenAll(Enumerable.Range(0, publishers).Select(publisher => Task.Run(() =>
        {
            for (var i = 0; i < each; i++) hub.Publish(Happened((publisher * each) + i));
        })));

        var (seen, lost, previous) = (new HashSet<int>(), 0L, 0L);
        var newest = new int[publishers];
        Array.Fill(newest, -1);
        using var patience = new CancellationTokenSource(Patience);
        while (seen.Count + lost < publishers * each)
        {
            if (!subscription.TryRead(out var happened))
            {
                await subscription.WaitAsync(patience.Token);
                continue;
            }

            Assert.True(happened.Id > previous);
            previous = happened.Id;
            if (happened.Event is EventsDropped gap)
            {
                lost += gap.Count!.Value;
                continue;
            }

            var number = Number(happened);
            Assert.True(seen.Add(number));
            Assert.True(number % each > newest[number / each], "one publisher's events changed their order");
            newest[number / each] = number % each;
        }

        await publishing;
        Assert.False(subscription.TryRead(out _));
        Assert.Equal(lost, hub.Dropped);
    }

    [Fact]
    public void An_event_is_written_once_for_all_subscribers()
    {
        var hub = new EventHub(TimeProvider.System);
        using var one = hub.Subscribe();
        using var other = hub.Subscribe();
        hub.Publish(Happened(7));
        Assert.True(one.TryRead(out var first));
        Assert.True(other.TryRead(out var second));
        Assert.True(first.Json.Equals(second.Json));
    }

    private static QueueChanged Happened(int number) => new("backend", "model", number);

    private static int Number(PublishedEvent happened) => Assert.IsType<QueueChanged>(happened.Event).Waiting;

    private static IEnumerable<int> Numbers(EventSubscription subscription)
    {
        while (subscription.TryRead(out var happened)) yield return Number(happened);
    }
}
