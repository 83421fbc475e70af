using LeanNats.Tests.Servers;
using LeanNats.Transport;

namespace LeanNats.Tests.Transport;

public sealed class MessageBufferTests
{
    private readonly ManualTime time = new();
    private readonly List<long> told = [];

    [Fact]
    public void A_full_buffer_drops_the_newest_and_tells_once()
    {
        var buffer = Buffer(new NatsSubOpts { Capacity = 4 });
        Fill(buffer, 7);
        Assert.Equal(["0", "1", "2", "3"], ReadAll(buffer));
        Assert.Equal(3, buffer.Dropped);
        Assert.Equal([1], told);
    }

    [Fact]
    public void It_is_told_again_after_the_reader_has_caught_up()
    {
        var buffer = Buffer(new NatsSubOpts { Capacity = 4 });
        Fill(buffer, 5);
        ReadAll(buffer);
        Fill(buffer, 6);
        Assert.Equal([1, 2], told);
        Assert.Equal(3, buffer.Dropped);
    }

    [Fact]
    public void A_full_buffer_can_drop_the_oldest()
    {
        var buffer = Buffer(new NatsSubOpts { Capacity = 3, FullMode = NatsFullMode.DropOldest });
        Fill(buffer, 5);
        Assert.Equal(["2", "3", "4"], ReadAll(buffer));
        Assert.Equal(2, buffer.Dropped);
    }

    [Fact]
    public void Bytes_are_bounded_too_but_one_message_is_always_taken()
    {
        var buffer = Buffer(new NatsSubOpts { CapacityBytes = 100 });
        Fill(buffer, 3, size: 1000);
        Assert.Equal(["0"], ReadAll(buffer));
        Fill(buffer, 1);
        Assert.Equal(["0"], ReadAll(buffer));
    }

    [Fact]
    public async Task A_full_buffer_can_wait_for_its_reader()
    {
        var buffer = Buffer(new NatsSubOpts { Capacity = 2, FullMode = NatsFullMode.Wait });
        Fill(buffer, 2);
        var third = buffer.WriteAsync(Message("2", 1)).AsTask();
        Assert.False(third.IsCompleted);
        Assert.True(buffer.TryRead(out _));
        await Wait.ForAsync(third);
        Assert.Equal(["1", "2"], ReadAll(buffer));
        Assert.Equal(0, buffer.Dropped);
    }

    [Fact]
    public async Task Waiting_has_an_end()
    {
        var buffer = Buffer(new NatsSubOpts { Capacity = 1, FullMode = NatsFullMode.Wait, FullWait = TimeSpan.FromSeconds(5) });
        Fill(buffer, 1);
        var second = buffer.WriteAsync(Message("1", 1)).AsTask();
        time.Advance(TimeSpan.FromSeconds(6));
        await Wait.ForAsync(second);
        Assert.Equal(["0"], ReadAll(buffer));
        Assert.Equal([1], told);
    }

    [Fact]
    public async Task An_ended_buffer_lets_go_of_who_waits()
    {
        var buffer = Buffer(new NatsSubOpts { Capacity = 1, FullMode = NatsFullMode.Wait });
        Fill(buffer, 1);
        var second = buffer.WriteAsync(Message("1", 1)).AsTask();
        buffer.Complete(null);
        buffer.TryRead(out _);
        await Wait.ForAsync(second);
        Assert.False(await buffer.WaitToReadAsync());
    }

    private MessageBuffer Buffer(NatsSubOpts opts) => new(opts, time, told.Add);

    private static NatsMsg Message(string name, int size) => new() { Subject = name, Size = size };

    private static void Fill(MessageBuffer buffer, int count, int size = 1)
    {
        for (var i = 0; i < count; i++) Assert.True(buffer.WriteAsync(Message(i.ToString(), size)).AsTask().IsCompleted);
    }

    private static List<string> ReadAll(MessageBuffer buffer)
    {
        var read = new List<string>();
        while (buffer.TryRead(out var message)) read.Add(message.Subject);
        return read;
    }
}
