using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.Sockets;

/// <summary>Readers that are slower than the server.</summary>
public sealed class ChannelReadingTests
{
    private const string Fragment = """{"type":"fragment","fragment":{"content":"1"}}""";
    private static readonly PredictionRequest Prediction = new() { Model = ModelSpecifier.Any, History = ChatHistory.FromUser("hi") };

    [Fact]
    public async Task A_cancel_goes_out_at_once_however_much_is_waiting_to_be_read()
    {
        var word = new TaskCompletionSource<string?>();
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            var create = await socket.ReceiveAsync();
            for (var i = 0; i < 1000; i++) await socket.MessageAsync(create, Fragment);
            await socket.ResultAsync(await socket.ReceiveAsync(), "[]");
            word.SetResult((await socket.ReceiveAsync()).GetProperty("message").GetProperty("type").GetString());
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        using var leaving = new CancellationTokenSource();
        var seen = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in client.Llm.PredictAsync(Prediction, leaving.Token))
            {
                // The answer comes behind all the fragments, so that they have arrived.
                if (seen++ == 0) await client.Llm.ListLoadedAsync();
                await leaving.CancelAsync();
            }
        });
        Assert.Equal(1, seen);
        Assert.Equal("cancel", await word.Task);
    }

    [Fact]
    public async Task A_reader_may_take_longer_over_a_message_than_the_server_may_be_silent()
    {
        var time = new ManualTime();
        var taken = new TaskCompletionSource();
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            var create = await socket.ReceiveAsync();
            await socket.MessageAsync(create, Fragment);
            await taken.Task;
            await socket.MessageAsync(create, """{"type":"success","stats":{"stopReason":"eosFound"}}""");
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address, TimeProvider = time, KeepAliveInterval = TimeSpan.FromDays(1) });
        var events = new List<PredictionEvent>();
        await foreach (var step in client.Llm.PredictAsync(Prediction))
        {
            events.Add(step);
            time.Advance(TimeSpan.FromMinutes(11));
            taken.TrySetResult();
        }

        Assert.IsType<PredictionEvent.Finished>(events[^1]);
    }
}
