using System.Text;
using LmGateway.Backends;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Dialects;

public sealed class EventStreamGuardTests
{
    private const string Response = """
        event: response.created
        data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","model":"m","status":"in_progress","usage":null,"error":null}}

        event: response.output_text.delta
        data: {"type":"response.output_text.delta","sequence_number":1,"delta":"Hi 😀"}

        event: response.completed
        data: {"type":"response.completed","sequence_number":2,"response":{"id":"resp_1","model":"m","status":"completed","error":null,"usage":{"input_tokens":9,"output_tokens":2,"total_tokens":11}}}


        """;

    private const string Message = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}}

        event: ping
        data: {"type":"ping"}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    [Theory]
    [InlineData(Dialect.OpenAiResponses, Response, "completed")]
    [InlineData(Dialect.AnthropicMessages, Message, "end_turn")]
    public async Task Whole_streams_pass_byte_for_byte_wherever_the_reads_end(object dialect, string stream, string finish)
    {
        for (var length = 1; length <= stream.Length; length++)
        {
            var outcome = await Guarded((Dialect)dialect, stream, length);
            Assert.Equal(stream, outcome.Text);
            Assert.Null(outcome.Error);
            Assert.All(outcome.Blocks, block => Assert.EndsWith("\n\n", block, StringComparison.Ordinal));
            Assert.Equal((new Usage(9, 2), "m", finish), (outcome.Tally.Usage, outcome.Tally.Model, outcome.Tally.FinishReason));
            Assert.NotNull(outcome.Tally.FirstContentAt);
        }
    }

    [Theory]
    [InlineData(Dialect.OpenAiResponses, Response)]
    [InlineData(Dialect.AnthropicMessages, Message)]
    public async Task Every_cut_is_told(object dialect, string stream)
    {
        for (var cut = 0; cut < stream.Length - 2; cut += 7)
        {
            var outcome = await Guarded((Dialect)dialect, stream[..cut], 50);
            Assert.Equal(ErrorCode.BackendFault, outcome.Error?.Code);
            Assert.StartsWith(outcome.Text, stream, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"late\"}}\n\n")]
    [InlineData("event: error\ndata: {\"code\":500,\"message\":\"late\",\"type\":\"server_error\"}\n\n")]
    [InlineData("event: error\ndata: {\"type\":\"error\",\"code\":\"x\",\"message\":\"late\",\"param\":null,\"sequence_number\":3}\n\n")]
    [InlineData("data: {\"type\":\"error\",\"message\":\"late\"}\n\n")]
    [InlineData("data: {\"error\":{\"code\":500,\"message\":\"late\",\"type\":\"server_error\"}}\n\n")]
    public async Task Error_events_break_the_stream_off_after_the_good_ones(string frame)
    {
        var good = Response[..(Response.IndexOf("event: response.completed", StringComparison.Ordinal))];
        var outcome = await Guarded(Dialect.OpenAiResponses, good + frame + Response, 4096);
        Assert.Equal((good, ErrorCode.BackendFault, "late"), (outcome.Text, outcome.Error?.Code, outcome.Error?.Message));
    }

    [Theory]
    [InlineData("response.failed", "failed")]
    [InlineData("response.incomplete", "incomplete")]
    public async Task Ends_that_the_protocol_knows_pass(string type, string finish)
    {
        var stream = Response.Replace("response.completed", type, StringComparison.Ordinal);
        var outcome = await Guarded(Dialect.OpenAiResponses, stream, 4096);
        Assert.Equal((stream, (GatewayError?)null, finish), (outcome.Text, outcome.Error, outcome.Tally.FinishReason));
    }

    [Fact]
    public async Task Comments_and_Done_are_left_out()
    {
        var outcome = await Guarded(Dialect.AnthropicMessages, ": ping\n\n" + Message.Replace("event: ping\n", ":\n\ndata: [DONE]\n\nevent: ping\n", StringComparison.Ordinal) + "data: [DONE]\n\n", 4096);
        Assert.Equal(Message, outcome.Text);
    }

    [Fact]
    public async Task Missing_sequence_numbers_are_given()
    {
        var bare = System.Text.RegularExpressions.Regex.Replace(Response, ",\"sequence_number\":\\d", "", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(5));
        var outcome = await Guarded(Dialect.OpenAiResponses, bare, 64);
        for (var number = 0; number < 3; number++) Assert.Contains($"data: {{\"sequence_number\":{number},\"type\":\"response.", outcome.Text, StringComparison.Ordinal);
        Assert.StartsWith("event: response.created\n", outcome.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_malformed_event_is_a_fault()
    {
        Assert.Equal(ErrorCode.BackendFault, (await Guarded(Dialect.OpenAiResponses, "event: response.created\ndata: {\n\n", 4096)).Error?.Code);
        Assert.Equal(ErrorCode.BackendFault, (await Guarded(Dialect.AnthropicMessages, "event: message_start\ndata: 7\n\n", 4096)).Error?.Code);
    }

    [Theory]
    [InlineData(Dialect.LmStudioV1)]
    [InlineData(Dialect.LmStudioV0)]
    [InlineData(Dialect.OpenAiOther)]
    public async Task Native_streams_pass_untouched(object dialect)
    {
        const string Stream = ": c\n\nevent: chat.start\ndata: {\n\nevent: error\ndata: x\n\nhalf";
        var outcome = await Guarded((Dialect)dialect, Stream, 9);
        Assert.Equal(Stream, outcome.Text);
        Assert.Null(outcome.Error);
    }

    [Fact]
    public async Task Damaged_streams_fail_or_stay_a_part_of_what_came()
    {
        var random = new Random(20260105);
        for (var round = 0; round < 5_000; round++)
        {
            var (dialect, seed) = round % 2 == 0 ? (Dialect.OpenAiResponses, Response) : (Dialect.AnthropicMessages, Message);
            var outcome = await Guarded(dialect, Mutations.Of(random, Encoding.UTF8.GetBytes(seed), random.Next(4)), random.Next(1, 300));
            Assert.True(outcome.Error is not null || outcome.Text.Contains("message_stop", StringComparison.Ordinal) || outcome.Text.Contains("response.completed", StringComparison.Ordinal));
        }
    }

    private static Task<Outcome> Guarded(Dialect dialect, string stream, int length) => Guarded(dialect, Encoding.UTF8.GetBytes(stream), length);

    private static Task<Outcome> Guarded(Dialect dialect, byte[] stream, int length)
    {
        var pool = new CountingPool();
        var tally = new ReplyTally(TimeProvider.System);
        var options = new EventStreamOptions { Dialect = dialect, Pool = pool };
        var blocks = Streams.Reads(stream, Math.Max(1, Math.Min(length, stream.Length)));
        return Streams.Collect(EventStreamGuard.ApplyAsync(blocks, options, tally, TestContext.Current.CancellationToken), tally, pool);
    }
}
