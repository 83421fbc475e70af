using System.Text;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;
using Xunit;
using static LmGateway.Tests.Serving.Dialects.Streams;

namespace LmGateway.Tests.Serving.Dialects;

/// <summary>The order, identity, finish and usage of chat streams.</summary>
public sealed class ChatStreamMendTests
{
    private const string Done = "data: [DONE]\n\n";

    private static readonly string Role = Delta("""{"role":"assistant","content":""}""");
    private static readonly string Hello = Delta("""{"content":"Hello 😀"}""");
    private static readonly string Stop = Delta("{}", "\"stop\"");
    private static readonly string UsageChunk = """data: {"id":"c1","object":"chat.completion.chunk","created":1747835957,"model":"m","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}""" + "\n\n";

    [Fact]
    public async Task The_canonical_stream_passes_byte_for_byte_and_block_for_block()
    {
        var reads = new[] { Role + Hello, Hello, Stop + Done };
        var outcome = await Run(reads);
        Assert.Equal(reads, outcome.Blocks);
        Assert.Null(outcome.Error);
    }

    [Fact]
    public async Task A_block_that_needs_nothing_is_the_backend_s_own_memory()
    {
        ReadOnlyMemory<byte> block = Encoding.UTF8.GetBytes(Role + Hello + Stop);
        var tally = new ReplyTally(TimeProvider.System);
        await using var mended = ChatStreamMend.ApplyAsync(new[] { block }.ToAsyncEnumerable(), Chat, tally, TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await mended.MoveNextAsync());
        Assert.True(block.Equals(mended.Current));
    }

    [Fact]
    public async Task The_bytes_are_the_same_wherever_the_reads_end()
    {
        var upstream = Encoding.UTF8.GetBytes(Role + Hello + ": ping\n\n" + Hello.Replace("\n", "\r\n", StringComparison.Ordinal) + Stop + UsageChunk + Done);
        for (var length = 1; length <= upstream.Length; length++)
        {
            var outcome = await Mended(upstream, Chat with { UsageAsked = true }, length);
            Assert.Equal(Role + Hello + Hello + Stop + UsageChunk + Done, outcome.Text);
            Assert.All(outcome.Blocks, block => Assert.EndsWith("\n\n", block, StringComparison.Ordinal));
            Assert.All(outcome.Blocks, block => Assert.StartsWith("data: {", block.Replace(Done, "data: {", StringComparison.Ordinal), StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("data: {0}\r\n\r\n")]
    [InlineData("data:{0}\n\n")]
    [InlineData("data: {0}\r\r")]
    [InlineData(": OPENROUTER PROCESSING\n\ndata: {0}\n\n:\n\n")]
    [InlineData("id: 4\nretry: 10\ndata: {0}\n\n")]
    [InlineData("event: message\ndata: {0}\n\n")]
    [InlineData("data: {0}\n\ndata:\n\ndata: \n\n")]
    public async Task Other_framings_come_out_as_plain_events(string frame)
    {
        static string Reframe(string plain, string frame) => frame.Replace("{0}", plain["data: ".Length..^2], StringComparison.Ordinal);
        var outcome = await Mended(Reframe(Role, frame) + Reframe(Hello, frame) + Reframe(Stop, frame) + Reframe(Done, frame));
        Assert.Equal(Role + Hello + Stop + Done, outcome.Text);
    }

    [Fact]
    public async Task JSON_over_several_lines_comes_out_on_one()
    {
        var upstream = Hello.Replace(",\"choices\"", ",\ndata: \"choices\"", StringComparison.Ordinal);
        var outcome = await Mended(Role + upstream + Stop + Done);
        Assert.Equal(Role + Hello.Replace(",\"choices\"", ", \"choices\"", StringComparison.Ordinal) + Stop + Done, outcome.Text);
    }

    [Fact]
    public async Task The_first_delta_of_each_choice_gets_its_role()
    {
        var outcome = await Mended(
            Chunk("""{"index":1,"delta":{"content":"b"},"finish_reason":null}""") + Chunk("""{"index":0,"delta":{},"finish_reason":null}""")
            + Chunk("""{"index":1,"delta":{"content":"c"},"finish_reason":"stop"}""") + Chunk("""{"index":0,"delta":null,"finish_reason":"length"}""") + Done);
        Assert.Equal(
            Chunk("""{"index":1,"delta":{"role":"assistant","content":"b"},"finish_reason":null}""") + Chunk("""{"index":0,"delta":{"role":"assistant"},"finish_reason":null}""")
            + Chunk("""{"index":1,"delta":{"content":"c"},"finish_reason":"stop"}""") + Chunk("""{"index":0,"delta":{},"finish_reason":"length"}""") + Done, outcome.Text);
        Assert.Equal("length", outcome.Tally.FinishReason);
    }

    [Theory]
    [InlineData("""{"role":"assistant","content":null}""", """{"role":"assistant","content":""}""")]
    [InlineData("""{"role":"","content":"a"}""", """{"role":"assistant","content":"a"}""")]
    [InlineData("""{"role":null,"content":"a"}""", """{"role":"assistant","content":"a"}""")]
    [InlineData("""{"role":"model","content":"a"}""", """{"role":"assistant","content":"a"}""")]
    [InlineData("""{"content":"a","tool_calls":[]}""", """{"role":"assistant","content":"a"}""")]
    [InlineData("""{"tool_calls":null,"content":"a"}""", """{"role":"assistant","content":"a"}""")]
    public async Task The_first_delta_is_what_OpenAI_sends(string delta, string expected) =>
        Assert.Equal(Delta(expected) + Stop + Done, (await Mended(Delta(delta) + Stop + Done)).Text);

    [Fact]
    public async Task A_role_in_every_delta_is_let_be()
    {
        var chatty = Delta("""{"role":"assistant","content":"a"}""");
        Assert.Equal(chatty + chatty + Stop + Done, (await Mended(chatty + chatty + Stop + Done)).Text);
    }

    [Fact]
    public async Task What_identifies_the_stream_is_filled_in_and_stays_the_same()
    {
        const string Bare = """data: {"choices":[{"delta":{"role":"assistant","content":"a"}}]}""" + "\n\n";
        const string Odd = """data: {"id":"","created":1.5,"model":null,"object":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""" + "\n\n";
        var outcome = await Mended(Bare + Odd + Done);
        Assert.Equal(
            """data: {"id":"chatcmpl-own","object":"chat.completion.chunk","created":1700000000,"model":"asked","choices":[{"index":0,"delta":{"role":"assistant","content":"a"}}]}""" + "\n\n"
            + """data: {"id":"chatcmpl-own","created":1700000000,"model":"asked","object":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""" + "\n\n" + Done, outcome.Text);
        Assert.Null(outcome.Tally.Model);
    }

    [Fact]
    public async Task What_the_backend_named_once_fills_later_gaps()
    {
        var outcome = await Mended(Role + """data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}""" + "\n\n" + Done);
        Assert.Contains("""data: {"id":"c1","object":"chat.completion.chunk","created":1747835957,"model":"m","choices":[{"index":0,"delta":{"content":"a"}""", outcome.Text, StringComparison.Ordinal);
        Assert.Equal("m", outcome.Tally.Model);
    }

    [Theory]
    [InlineData("stop", "stop")]
    [InlineData("length", "length")]
    [InlineData("tool_calls", "tool_calls")]
    [InlineData("content_filter", "content_filter")]
    [InlineData("eosFound", "stop")]
    [InlineData("stopStringFound", "stop")]
    [InlineData("userStopped", "stop")]
    [InlineData("maxPredictedTokensReached", "length")]
    [InlineData("contextLengthReached", "length")]
    [InlineData("toolCalls", "tool_calls")]
    [InlineData("tool_use", "tool_calls")]
    [InlineData("end_turn", "stop")]
    [InlineData("max_tokens", "length")]
    [InlineData("load", "stop")]
    [InlineData("unload", "stop")]
    [InlineData("whatever", "stop")]
    public async Task Finish_reasons_are_mapped(string reason, string expected)
    {
        var outcome = await Mended(Role + Delta("{}", $"\"{reason}\"") + Done);
        Assert.Equal(Role + Delta("{}", $"\"{expected}\"") + Done, outcome.Text);
        Assert.Equal(expected, outcome.Tally.FinishReason);
    }

    [Theory]
    [InlineData("failed")]
    [InlineData("modelUnloaded")]
    [InlineData("error")]
    public async Task A_reason_that_means_failure_is_one(string reason)
    {
        var outcome = await Mended(Role + Hello + Delta("{}", $"\"{reason}\"") + Done);
        Assert.Equal((Role + Hello, ErrorCode.BackendFault), (outcome.Text, outcome.Error?.Code));
    }

    [Fact]
    public async Task An_empty_finish_reason_is_null()
    {
        var outcome = await Mended(Role + Delta("""{"content":"a"}""", "\"\"") + Stop + Done);
        Assert.Equal(Role + Delta("""{"content":"a"}""") + Stop + Done, outcome.Text);
    }

    [Fact]
    public async Task A_choice_ends_once()
    {
        var outcome = await Mended(Role + Hello + Stop + Stop + Hello + Done);
        Assert.Equal(Role + Hello + Stop + Done, outcome.Text);
    }

    [Fact]
    public async Task A_finish_on_reasoning_waits_for_the_answer()
    {
        var thought = Delta("""{"reasoning_content":"hm"}""");
        var early = Delta("""{"reasoning_content":"hm"}""", "\"length\"");
        Assert.Equal(Role + thought + Hello + Stop + Done, (await Mended(Role + early + Hello + Stop + Done)).Text);
        var alone = await Mended(Role + early + Done);
        Assert.Equal(Role + thought + Delta("{}", "\"length\"") + Done, alone.Text);
        Assert.Equal("length", alone.Tally.FinishReason);
    }

    [Theory]
    [InlineData("""{"reasoning":"hm"}""", """{"reasoning_content":"hm"}""")]
    [InlineData("""{"reasoning":"hm","reasoning_content":"hm"}""", """{"reasoning":"hm","reasoning_content":"hm"}""")]
    [InlineData("""{"reasoning":null}""", """{"reasoning":null}""")]
    public async Task Reasoning_has_one_name(string delta, string expected) =>
        Assert.Equal(Role + Delta(expected) + Stop + Done, (await Mended(Role + Delta(delta) + Stop + Done)).Text);

    [Fact]
    public async Task A_character_sent_in_pieces_by_the_model_is_held_until_it_is_whole()
    {
        byte[] emoji = [.. "😀"u8];
        byte[] Piece(byte[] text) => [.. Encoding.UTF8.GetBytes(Delta("{\"content\":\"|\"}")).SelectMany(letter => letter == '|' ? text : [letter])];
        byte[] upstream = [.. Encoding.UTF8.GetBytes(Role), .. Piece([(byte)'a', emoji[0]]), .. Piece([emoji[1]]), .. Piece([.. emoji[2..], (byte)'b']), .. Encoding.UTF8.GetBytes(Stop + Done)];
        var outcome = await Mended(upstream);
        Assert.Equal(Role + Delta("""{"content":"a"}""") + Delta("""{"content":""}""") + Delta("""{"content":"😀b"}""") + Stop + Done, outcome.Text);
    }

    [Fact]
    public async Task First_content_is_noted()
    {
        Assert.Null((await Mended(Role + Stop + Done)).Tally.FirstContentAt);
        var outcome = await Mended(Role + Hello + Hello + Stop + UsageChunk + Done);
        Assert.NotNull(outcome.Tally.FirstContentAt);
        Assert.Equal(5, outcome.Tally.Events);
    }

    private static async Task<Outcome> Run(string[] reads)
    {
        var pool = new CountingPool();
        var tally = new ReplyTally(TimeProvider.System);
        var blocks = reads.Select(read => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(read)).ToAsyncEnumerable();
        return await Collect(ChatStreamMend.ApplyAsync(blocks, Chat with { Pool = pool }, tally, TestContext.Current.CancellationToken), tally, pool);
    }
}
