using LmGateway.Serving.Dialects;
using Xunit;
using static LmGateway.Tests.Serving.Dialects.Streams;

namespace LmGateway.Tests.Serving.Dialects;

/// <summary>Tool calls as they stream.</summary>
public sealed class ChatStreamToolTests
{
    private const string Done = "data: [DONE]\n\n";

    private static readonly string Role = Delta("""{"role":"assistant","content":""}""");
    private static readonly string End = Delta("{}", "\"tool_calls\"");

    private static string Call(string call) => Delta("{\"tool_calls\":[" + call + "]}");

    private static async Task<string> Calls(params string[] calls)
    {
        var outcome = await Mended(Role + string.Concat(calls.Select(Call)) + End + Done);
        Assert.Null(outcome.Error);
        Assert.StartsWith(Role, outcome.Text, StringComparison.Ordinal);
        Assert.EndsWith(End + Done, outcome.Text, StringComparison.Ordinal);
        return outcome.Text[Role.Length..^(End + Done).Length];
    }

    [Fact]
    public async Task Canonical_calls_pass()
    {
        string[] calls =
        [
            """{"index":0,"id":"365174485","type":"function","function":{"name":"f","arguments":""}}""",
            """{"index":0,"function":{"arguments":"{\"a\""}}""",
            """{"index":0,"function":{"arguments":":1}"}}""",
            """{"index":1,"id":"365174486","type":"function","function":{"name":"g","arguments":"{}"}}""",
        ];
        Assert.Equal(string.Concat(calls.Select(Call)), await Calls(calls));
    }

    [Theory]
    [InlineData("""{"index":0,"id":"","type":"","function":{"name":"","arguments":"1"}}""")]
    [InlineData("""{"index":0,"id":null,"type":null,"function":{"name":null,"arguments":"1"}}""")]
    [InlineData("""{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"1"}}""")]
    [InlineData("""{"id":"a","function":{"arguments":"1","name":"null"},"index":0}""")]
    [InlineData("""{"index":0,"function":{"arguments":"1"}}""")]
    public async Task Later_pieces_carry_arguments_only(string later)
    {
        const string First = """{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}""";
        var text = await Calls(First, later);
        var piece = text[Call(First).Length..];
        Assert.DoesNotContain("\"id\":\"a\"", piece, StringComparison.Ordinal);
        Assert.DoesNotContain("name", piece, StringComparison.Ordinal);
        Assert.DoesNotContain("type", piece, StringComparison.Ordinal);
        Assert.Contains("\"function\":{\"arguments\":\"1\"}", piece, StringComparison.Ordinal);
        Assert.Contains("\"index\":0", piece, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_numbers_are_given()
    {
        Assert.Equal(
            Call("""{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}""") + Call("""{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{"}}""")
            + Call("""{"index":1,"function":{"arguments":"}"}}"""),
            await Calls("""{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}""", """{"id":"b","type":"function","function":{"name":"g","arguments":"{"}}""", """{"function":{"arguments":"}"}}"""));
    }

    [Fact]
    public async Task Calls_that_are_all_numbered_0_are_told_apart_by_id()
    {
        var text = await Calls("""{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}""", """{"index":0,"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}""");
        Assert.Equal(Call("""{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}""") + Call("""{"index":1,"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}"""), text);
    }

    [Fact]
    public async Task Numbers_begin_at_0_without_gaps()
    {
        var text = await Calls("""{"index":1,"id":"a","type":"function","function":{"name":"f","arguments":"{"}}""", """{"index":5,"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}""", """{"index":1,"function":{"arguments":"}"}}""");
        Assert.Equal(
            Call("""{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{"}}""") + Call("""{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}""")
            + Call("""{"index":0,"function":{"arguments":"}"}}"""), text);
    }

    [Fact]
    public async Task A_first_piece_is_made_whole()
    {
        Assert.Equal(Call("""{"index":0,"id":"call_own_0_0","type":"function","function":{"arguments":"{}","name":"f"}}"""),
            (await Calls("""{"function":{"name":"f"}}""")).Replace(Call("""{"index":0,"function":{"arguments":"{}"}}"""), "", StringComparison.Ordinal).Replace("\"arguments\":\"\"", "\"arguments\":\"{}\"", StringComparison.Ordinal));
        Assert.Contains("\"id\":\"call_own_0_0\",\"type\":\"function\"", await Calls("""{"index":0,"id":"","type":"Function","function":{"name":"f","arguments":"{}"}}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arguments_that_are_an_object_become_its_text() =>
        Assert.Equal(Call("""{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{\"a\": \"é\\n\"}"}}"""),
            await Calls("""{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":{"a": "é\n"}}}"""));

    [Fact]
    public async Task A_name_that_comes_later_is_kept()
    {
        const string Late = """{"index":0,"function":{"name":"f","arguments":"{}"}}""";
        Assert.EndsWith(Call(Late), await Calls("""{"index":0,"id":"a","type":"function","function":{"name":"","arguments":""}}""", Late), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("null")]
    public async Task A_call_without_arguments_ends_with_an_empty_object(string arguments)
    {
        var first = $$$"""{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":{{{arguments}}}}}""";
        var expected = Call("""{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}""")
            + Chunk("""{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]},"logprobs":null,"finish_reason":null}""");
        Assert.Equal(expected, await Calls(first));
    }

    [Fact]
    public async Task A_call_that_begins_and_ends_in_one_chunk_gets_its_empty_object_there()
    {
        foreach (var function in new[] { """{"name":"f","arguments":""}""", """{"arguments":null,"name":"f"}""", """{"name":"f"}""" })
        {
            var delta = """{"role":"assistant","tool_calls":[{"index":0,"id":"a","type":"function","function":""" + function + "}]}";
            var outcome = await Mended(Delta(delta, "\"stop\"") + Done);
            Assert.Contains("\"arguments\":\"{}\"", outcome.Text, StringComparison.Ordinal);
            Assert.Contains("\"finish_reason\":\"tool_calls\"", outcome.Text, StringComparison.Ordinal);
            Assert.Equal(1, outcome.Text.Split("finish_reason").Length - 1);
        }
    }

    [Theory]
    [InlineData("\"stop\"")]
    [InlineData("\"function_call\"")]
    [InlineData("\"toolCalls\"")]
    public async Task A_stream_with_calls_ends_with_tool_calls(string finish)
    {
        var call = Call("""{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}""");
        Assert.Equal(Role + call + End + Done, (await Mended(Role + call + Delta("{}", finish) + Done)).Text);
    }

    [Fact]
    public async Task A_call_that_was_cut_ends_with_length()
    {
        var call = Call("""{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{\"a"}}""");
        var bare = Call("""{"index":1,"id":"b","type":"function","function":{"name":"f","arguments":""}}""");
        Assert.Equal(Role + call + bare + Delta("{}", "\"length\"") + Done, (await Mended(Role + call + bare + Delta("{}", "\"length\"") + Done)).Text);
    }

    [Fact]
    public async Task Calls_of_different_choices_are_numbered_apart()
    {
        static string Of(int choice) => Chunk($$$"""{"index":{{{choice}}},"delta":{"role":"assistant","tool_calls":[{"index":0,"id":"a{{{choice}}}","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}""");
        Assert.Equal(Of(0) + Of(1) + Done, (await Mended(Of(0) + Of(1) + Done)).Text);
    }

    [Fact]
    public async Task An_announced_end_after_calls_means_tool_calls()
    {
        var call = Call("""{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}""");
        var outcome = await Mended(Role + call + Done);
        Assert.Contains("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]}", outcome.Text, StringComparison.Ordinal);
        Assert.Equal(FinishReasons.ToolCalls, outcome.Tally.FinishReason);
    }

    [Fact]
    public async Task Mended_calls_are_the_same_wherever_the_reads_end()
    {
        var upstream = System.Text.Encoding.UTF8.GetBytes(Role + Call("""{"id":"","function":{"name":"f"}}""") + Call("""{"function":{"name":"f","arguments":{"é":1}}}""") + Delta("{}", "\"stop\"") + Done);
        var whole = (await Mended(upstream)).Text;
        for (var length = 1; length < upstream.Length; length++) Assert.Equal(whole, (await Mended(upstream, length: length)).Text);
    }
}
