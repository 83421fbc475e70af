using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;
using Xunit;
using static LmGateway.Tests.Serving.Dialects.Streams;

namespace LmGateway.Tests.Serving.Dialects;

public sealed class CompletionStreamTests
{
    private const string Done = "data: [DONE]\n\n";
    private static readonly ChatStreamOptions Text = Chat with { Id = "cmpl-own", Completions = true };

    private static string Piece(string choice) => """data: {"id":"cmpl-1","object":"text_completion","created":1,"model":"m","choices":[""" + choice + "]}\n\n";

    [Fact]
    public async Task Canonical_completions_pass()
    {
        var upstream = Piece("""{"index":0,"text":"a","logprobs":null,"finish_reason":null}""") + Piece("""{"index":0,"text":"","finish_reason":"length"}""") + Done;
        var outcome = await Mended(upstream, Text);
        Assert.Equal(upstream, outcome.Text);
        Assert.Equal("length", outcome.Tally.FinishReason);
        Assert.NotNull(outcome.Tally.FirstContentAt);
    }

    [Fact]
    public async Task Gaps_are_filled()
    {
        var outcome = await Mended("""data: {"choices":[{"text":null,"finish_reason":""}]}""" + "\n\n" + """data: {"choices":[{"finish_reason":"eosFound"}]}""" + "\n\n" + Done, Text);
        const string Head = """data: {"id":"cmpl-own","object":"text_completion","created":1700000000,"model":"asked","choices":[{"index":0,""";
        Assert.Equal(Head + "\"text\":\"\",\"finish_reason\":null}]}\n\n" + Head + "\"text\":\"\",\"finish_reason\":\"stop\"}]}\n\n" + Done, outcome.Text);
    }

    [Fact]
    public async Task Usage_in_the_last_piece_moves_to_its_own_chunk()
    {
        const string Numbers = "{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}";
        var last = Piece("""{"index":0,"text":"","finish_reason":"stop"}""");
        var upstream = Piece("""{"index":0,"text":"a"}""") + last.Replace("]}\n", "],\"usage\":" + Numbers + "}\n", StringComparison.Ordinal) + Done;
        Assert.Equal(Piece("""{"index":0,"text":"a"}""") + last + Done, (await Mended(upstream, Text)).Text);
        Assert.Equal(Piece("""{"index":0,"text":"a"}""") + last + Piece("").Replace("]}\n", "],\"usage\":" + Numbers + "}\n", StringComparison.Ordinal) + Done, (await Mended(upstream, Text with { UsageAsked = true })).Text);
        Assert.Equal(new Usage(1, 2), (await Mended(upstream, Text)).Tally.Usage);
    }

    [Fact]
    public async Task A_completion_of_nothing_but_usage_ends_well()
    {
        var usage = Piece("").Replace("]}\n", "],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":0,\"total_tokens\":1}}\n", StringComparison.Ordinal);
        Assert.Equal(usage + Done, (await Mended(usage + Done, Text with { UsageAsked = true })).Text);
        Assert.Equal(Done, (await Mended(usage + Done, Text)).Text);
    }

    [Fact]
    public async Task A_cut_is_a_fault() => Assert.Equal(ErrorCode.BackendFault, (await Mended(Piece("""{"index":0,"text":"a"}"""), Text)).Error?.Code);
}
