using LmGateway.Vocabulary;
using Xunit;
using static LmGateway.Tests.Serving.Dialects.Streams;

namespace LmGateway.Tests.Serving.Dialects;

/// <summary>The usage of streams: always read, given on only where it was asked for.</summary>
public sealed class ChatStreamUsageTests
{
    private const string Done = "data: [DONE]\n\n";
    private const string Head = "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1747835957,\"model\":\"m\",";
    private const string Numbers = "{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":11,\"prompt_tokens_details\":{\"cached_tokens\":4}}";

    private static readonly string Role = Delta("""{"role":"assistant","content":"Hi"}""");
    private static readonly string Stop = Delta("{}", "\"stop\"");
    private static readonly string UsageChunk = Head + "\"choices\":[],\"usage\":" + Numbers + ",\"timings\":{\"n\":1}}\n\n";
    private static readonly string StopWithUsage = Stop.Replace("]}\n", "],\"usage\":" + Numbers + "}\n", StringComparison.Ordinal);

    [Fact]
    public async Task The_usage_chunk_is_taken_out_unless_asked_for()
    {
        var outcome = await Mended(Role + Stop + UsageChunk + Done);
        Assert.Equal(Role + Stop + Done, outcome.Text);
        Assert.Equal(new Usage(9, 2), outcome.Tally.Usage);
    }

    [Fact]
    public async Task Asked_for_it_comes_once_just_before_the_end()
    {
        Assert.Equal(Role + Stop + UsageChunk + Done, (await Mended(Role + Stop + UsageChunk + Done, Chat with { UsageAsked = true })).Text);
        Assert.Equal(Role + Stop + UsageChunk + Done, (await Mended(Role + UsageChunk + Stop + UsageChunk + Done, Chat with { UsageAsked = true })).Text);
    }

    [Fact]
    public async Task Usage_beside_choices_moves_to_a_chunk_of_its_own()
    {
        Assert.Equal(Role + Stop + Done, (await Mended(Role + StopWithUsage + Done)).Text);
        Assert.Equal(Role + Stop + Head + "\"choices\":[],\"usage\":" + Numbers + "}\n\n" + Done, (await Mended(Role + StopWithUsage + Done, Chat with { UsageAsked = true })).Text);
    }

    [Fact]
    public async Task Usage_before_choices_is_found_too()
    {
        var turned = Head + "\"usage\":" + Numbers + ",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
        var outcome = await Mended(Role + turned + Done);
        Assert.Equal(Role + Head + "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n" + Done, outcome.Text);
        var alone = Head + "\"usage\":" + Numbers + ",\"choices\":[]}\n\n";
        Assert.Equal(Role + Stop + alone + Done, (await Mended(Role + Stop + alone + Done, Chat with { UsageAsked = true })).Text);
    }

    [Fact]
    public async Task A_null_usage_is_let_be()
    {
        var role = Role.Replace("]}\n", "],\"usage\":null}\n", StringComparison.Ordinal);
        Assert.Equal(role + Stop + Done, (await Mended(role + Stop + Done)).Text);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"prompt_tokens\":\"9\"}")]
    public async Task An_empty_usage_is_none(string usage)
    {
        var outcome = await Mended(Role + Stop + UsageChunk.Replace(Numbers, usage, StringComparison.Ordinal) + Done, Chat with { UsageAsked = true });
        Assert.Equal(Role + Stop + Done, outcome.Text);
        Assert.Null(outcome.Tally.Usage);
    }

    [Theory]
    [InlineData("{\"prompt_tokens\":9,\"completion_tokens\":2}", "{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":11}")]
    [InlineData("{\"prompt_tokens\":9,\"total_tokens\":11}", "{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":11}")]
    public async Task Usage_has_all_three_numbers_or_none(string usage, string expected)
    {
        var outcome = await Mended(Role + Stop + UsageChunk.Replace(Numbers, usage, StringComparison.Ordinal) + Done, Chat with { UsageAsked = true });
        Assert.Equal(Role + Stop + UsageChunk.Replace(Numbers, expected, StringComparison.Ordinal) + Done, outcome.Text);
    }

    [Fact]
    public async Task In_the_final_chunk_it_waits_with_the_finish()
    {
        var expected = Role + Stop.Replace("data: {", "data: {\"usage\":" + Numbers + ",", StringComparison.Ordinal) + Done;
        var options = Chat with { UsageInFinalChunk = true };
        Assert.Equal(expected, (await Mended(Role + Stop + UsageChunk + Done, options)).Text);
        Assert.Equal(expected, (await Mended(Role + StopWithUsage + Done, options)).Text);
        Assert.Equal(Role + Stop + Done, (await Mended(Role + Stop + Done, options)).Text);
        Assert.Equal(Role + Stop + Done, (await Mended(Role + Stop.Replace("]}\n", "],\"usage\":null}\n", StringComparison.Ordinal) + Done, options)).Text);
        Assert.Equal(Role + expected[Role.Length..^Done.Length] + UsageChunk + Done, (await Mended(Role + Stop + UsageChunk + Done, options with { UsageAsked = true })).Text);
        Assert.Equal(expected.Replace(",\"logprobs\":null", "", StringComparison.Ordinal), (await Mended(Role + UsageChunk + Done, options)).Text.Replace(",\"logprobs\":null", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_final_chunk_with_usage_is_the_same_wherever_the_reads_end()
    {
        var upstream = System.Text.Encoding.UTF8.GetBytes(Role + Stop + UsageChunk + Done);
        var whole = await Mended(upstream, Chat with { UsageInFinalChunk = true, UsageAsked = true });
        for (var length = 1; length < upstream.Length; length++)
            Assert.Equal(whole.Text, (await Mended(upstream, Chat with { UsageInFinalChunk = true, UsageAsked = true }, length)).Text);
    }

    [Fact]
    public async Task With_several_choices_each_ends_and_the_last_carries_the_usage()
    {
        static string End(int index) => Head + "\"choices\":[{\"index\":" + index + ",\"delta\":{\"role\":\"assistant\"},\"finish_reason\":\"stop\"}]}\n\n";
        var outcome = await Mended(End(0) + End(1) + UsageChunk + Done, Chat with { UsageInFinalChunk = true });
        Assert.Equal(End(0) + End(1).Replace("data: {", "data: {\"usage\":" + Numbers + ",", StringComparison.Ordinal) + Done, outcome.Text);
    }
}
