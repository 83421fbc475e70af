using System.Text;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;
using Xunit;
using static LmGateway.Tests.Serving.Dialects.Streams;

namespace LmGateway.Tests.Serving.Dialects;

/// <summary>Streams that fail: the good events come first, then the error, and never <c>[DONE]</c>.</summary>
public sealed class ChatStreamFaultTests
{
    private const string Done = "data: [DONE]\n\n";

    private static readonly string Hello = Delta("""{"role":"assistant","content":"Hi"}""");
    private static readonly string Stop = Delta("{}", "\"stop\"");

    [Theory]
    [InlineData("event: error\ndata: {\"error\":{\"message\":\"Compute error.\"},\"message\":\"Compute error.\"}\n\n", "Compute error.")]
    [InlineData("data: {\"error\":{\"message\":\"Compute error.\"}}\n\n", "Compute error.")]
    [InlineData("data: {\"error\":\"Model unloaded or crashed\"}\n\n", "Model unloaded or crashed")]
    [InlineData("data: \"Channel Error\"\n\n", "Channel Error")]
    [InlineData("event: error\ndata: Channel Error\n\n", "Channel Error")]
    [InlineData("event: error\ndata: {\"code\":500,\"message\":\"bare\",\"type\":\"server_error\"}\n\n", "bare")]
    [InlineData("data: {\"error\":{\"code\":500,\"message\":\"slot\",\"type\":\"server_error\"}}\n\n", "slot")]
    [InlineData("data: {\"choices\":[],\"error\":{\"message\":\"late\"}}\n\n", "late")]
    public async Task An_error_event_in_any_shape_breaks_the_stream_off(string frame, string message)
    {
        var outcome = await Mended(Hello + frame + Stop + Done);
        Assert.Equal(Hello, outcome.Text);
        Assert.Equal((ErrorCode.BackendFault, message), (outcome.Error?.Code, outcome.Error?.Message));
    }

    [Fact]
    public async Task An_overflow_inside_a_stream_is_told_as_one()
    {
        var outcome = await Mended(Hello + "data: {\"error\":{\"code\":500,\"message\":\"Context size has been exceeded.\",\"type\":\"server_error\"}}\n\n");
        Assert.Equal(ErrorCode.ContextLengthExceeded, outcome.Error?.Code);
    }

    [Theory]
    [InlineData("data: {\"choices\":[{\"index\":0,\n\n")]
    [InlineData("data: 7\n\n")]
    [InlineData("data: [1]\n\n")]
    [InlineData("data: {\"choices\":{}}\n\n")]
    [InlineData("data: {\"choices\":[7]}\n\n")]
    [InlineData("data: {\"choices\":[{\"delta\":[]}]}\n\n")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"role\":7}}]}\n\n")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"tool_calls\":{}}}]}\n\n")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"tool_calls\":[7]}}]}\n\n")]
    [InlineData("data: {} x\n\n")]
    [InlineData("data: : OPENROUTER PROCESSING\n\n")]
    public async Task A_malformed_event_breaks_the_stream_off(string frame)
    {
        var outcome = await Mended(Hello + frame + Stop + Done);
        Assert.Equal((Hello, ErrorCode.BackendFault), (outcome.Text, outcome.Error?.Code));
    }

    [Theory]
    [InlineData("{\"choices\":[]}")]
    [InlineData("{\"choices\":null}")]
    [InlineData("{\"type\":\"ping\"}")]
    [InlineData("{\"error\":null,\"choices\":[]}")]
    public async Task Chunks_without_choices_are_left_out(string chunk) =>
        Assert.Equal(Hello + Stop + Done, (await Mended($"{Hello}data: {chunk}\n\n{Stop}{Done}")).Text);

    [Fact]
    public async Task An_end_without_a_finish_reason_is_a_fault()
    {
        var outcome = await Mended(Hello);
        Assert.Equal((Hello, ErrorCode.BackendFault), (outcome.Text, outcome.Error?.Code));
    }

    [Fact]
    public async Task Each_choice_must_finish()
    {
        var other = Chunk("""{"index":1,"delta":{"role":"assistant","content":"x"},"finish_reason":null}""");
        var outcome = await Mended(Hello + other + Stop);
        Assert.Equal((Hello + other + Stop, ErrorCode.BackendFault), (outcome.Text, outcome.Error?.Code));
    }

    [Fact]
    public async Task The_text_of_a_dying_proxy_is_no_end()
    {
        var outcome = await Mended(Hello + "proxy error: Failed to read connection");
        Assert.Equal((Hello, ErrorCode.BackendFault), (outcome.Text, outcome.Error?.Code));
    }

    [Fact]
    public async Task An_announced_end_without_a_finish_reason_gets_one()
    {
        Assert.Equal(Hello + Delta("{}", "\"stop\"") + Done, (await Mended(Hello + Done)).Text);
        Assert.Null((await Mended(Hello + Done)).Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("data: [DONE]")]
    public async Task An_end_that_is_not_announced_is_good_after_a_finish_reason(string tail) =>
        Assert.Equal(Hello + Stop + Done, (await Mended(Hello + Stop + tail)).Text);

    [Fact]
    public async Task A_last_event_without_its_blank_line_counts() =>
        Assert.Equal(Hello + Stop + Done, (await Mended(Hello + Stop[..^2])).Text);

    [Fact]
    public async Task Nothing_after_the_announced_end_counts() =>
        Assert.Equal(Hello + Stop + Done, (await Mended(Hello + Stop + Done + Done + Hello + "data: {\"error\":\"x\"}\n\n", length: 40)).Text);

    [Fact]
    public async Task A_stream_that_ends_in_order_without_a_word_is_an_overflow()
    {
        Assert.Equal(ErrorCode.ContextLengthExceeded, (await Mended(Done)).Error?.Code);
        Assert.Equal(ErrorCode.BackendFault, (await Mended("")).Error?.Code);
        Assert.Equal(ErrorCode.BackendFault, (await Mended(": ping\n\n")).Error?.Code);
    }

    [Fact]
    public async Task An_event_without_end_is_a_fault()
    {
        var outcome = await Mended(Hello + "data: {\"x\":\"" + new string('x', 4000), Chat with { LongestEvent = 2000 }, length: 500);
        Assert.Equal((Hello, ErrorCode.BackendFault), (outcome.Text, outcome.Error?.Code));
    }

    [Fact]
    public async Task Every_cut_is_told_as_an_error_or_ends_whole()
    {
        var upstream = Encoding.UTF8.GetBytes(Hello + Hello + Stop + Done);
        var finish = Encoding.UTF8.GetByteCount(Hello + Hello + Stop) - 2;
        for (var cut = 0; cut <= upstream.Length; cut++)
        {
            var outcome = await Mended(upstream[..cut], length: 64);
            Assert.Equal(cut >= finish, outcome.Text.EndsWith(Done, StringComparison.Ordinal));
            Assert.Equal(cut < finish, outcome.Error is not null);
            Assert.StartsWith(outcome.Text.Replace(Done, "", StringComparison.Ordinal), Hello + Hello + Stop, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_fault_of_the_connection_comes_through_after_the_good_events()
    {
        static async IAsyncEnumerable<ReadOnlyMemory<byte>> Torn()
        {
            yield return Encoding.UTF8.GetBytes(Hello + Stop[..20]);
            await Task.Yield();
            throw new GatewayException(ErrorCode.BackendTimeout, "silence");
        }

        var pool = new CountingPool();
        var tally = new ReplyTally(TimeProvider.System);
        var outcome = await Collect(ChatStreamMend.ApplyAsync(Torn(), Chat with { Pool = pool }, tally, TestContext.Current.CancellationToken), tally, pool);
        Assert.Equal((Hello, ErrorCode.BackendTimeout), (outcome.Text, outcome.Error?.Code));
    }

    [Fact]
    public async Task A_caller_that_leaves_ends_the_reading()
    {
        var left = new TaskCompletionSource();
        async IAsyncEnumerable<ReadOnlyMemory<byte>> Endless([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            try
            {
                yield return Encoding.UTF8.GetBytes(Hello);
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }
            finally
            {
                left.SetResult();
            }
        }

        using var leaving = new CancellationTokenSource();
        var mended = ChatStreamMend.ApplyAsync(Endless(), Chat, new ReplyTally(TimeProvider.System), leaving.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in mended) await leaving.CancelAsync();
        });
        await left.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_backend_that_never_closes_after_its_end_is_left()
    {
        static async IAsyncEnumerable<ReadOnlyMemory<byte>> Open([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            yield return Encoding.UTF8.GetBytes(Hello + Stop + Done);
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }

        var pool = new CountingPool();
        var tally = new ReplyTally(TimeProvider.System);
        var outcome = await Collect(ChatStreamMend.ApplyAsync(Open(), Chat with { Pool = pool }, tally, TestContext.Current.CancellationToken), tally, pool)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal((Hello + Stop + Done, (GatewayError?)null), (outcome.Text, outcome.Error));
    }
}
