using LmGateway.Scheduling;
using Xunit;

namespace LmGateway.Tests.Scheduling;

/// <summary>The one word between requests and the loop, with real threads on both sides.</summary>
public sealed class GateTests
{
    private const int Rounds = 20_000;

    [Fact]
    public void No_more_than_the_limit_enter_and_nobody_enters_past_a_mark()
    {
        var gate = new Gate(2);
        Assert.True(gate.TryEnter());
        gate.MarkQueued();
        Assert.False(gate.TryEnter());
        Assert.True(gate.TryAdmit());
        Assert.False(gate.TryAdmit());
        Assert.True(gate.Leave(5));
        Assert.Equal((1, 5L), (gate.Running, gate.LastUsed));
        gate.ClearQueued();
        Assert.False(gate.Leave(6));
        gate.Close();
        Assert.False(gate.TryEnter() || gate.TryAdmit());
        gate.Open();
        Assert.True(gate.TryEnter());
    }

    [Fact]
    public void Only_an_idle_gate_with_nobody_waiting_is_closed_for_eviction()
    {
        var gate = new Gate(2);
        gate.TryEnter();
        Assert.False(gate.TryCloseIdle());
        gate.Leave(1);
        gate.MarkQueued();
        Assert.False(gate.TryCloseIdle());
        gate.ClearQueued();
        Assert.True(gate.TryCloseIdle());
        Assert.False(gate.TryEnter());
    }

    [Fact]
    public async Task A_gate_that_closed_idle_has_nobody_inside_whatever_threads_do()
    {
        var gate = new Gate(3);
        using var over = new CancellationTokenSource();
        var guests = Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            while (!over.IsCancellationRequested)
                if (gate.TryEnter()) gate.Leave(0);
        }) { IsBackground = true }).ToList();
        guests.ForEach(guest => guest.Start());
        for (var round = 0; round < Rounds; round++)
        {
            if (!gate.TryCloseIdle()) continue;
            Assert.Equal(0, gate.Running);
            Thread.SpinWait(50);
            Assert.Equal(0, gate.Running);
            gate.Open();
        }

        await over.CancelAsync();
        guests.ForEach(guest => guest.Join());
        Assert.Equal(0, gate.Running);
    }

    [Fact]
    public async Task A_slot_that_is_freed_is_always_either_seen_or_reported()
    {
        var gate = new Gate(1);
        for (var round = 0; round < Rounds; round++)
        {
            Assert.True(gate.TryEnter());
            var leaving = Task.Run(() => gate.Leave(0));
            gate.MarkQueued();
            var seen = gate.TryAdmit();
            var reported = await leaving;
            Assert.True(seen || reported);
            if (!seen) Assert.True(gate.TryAdmit());
            gate.ClearQueued();
            gate.Leave(0);
        }
    }
}
