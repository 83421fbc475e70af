using System.Text;
using System.Text.Json;
using LmGateway.Serving.Dialects;
using Xunit;
using static LmGateway.Tests.Serving.Dialects.Streams;

namespace LmGateway.Tests.Serving.Dialects;

public sealed class StreamFuzzTests
{
    private static readonly string[] Seeds =
    [
        Delta("""{"role":"assistant","content":""}""") + Delta("""{"content":"é😀"}""") + Delta("{}", "\"stop\"") + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n",
        Delta("""{"reasoning":"x","tool_calls":[{"id":"","function":{"name":"f"}}]}""") + Delta("""{"tool_calls":[{"index":0,"id":"b","type":"","function":{"name":"","arguments":{"a":1}}}]}""", "\"stop\"") + "data: [DONE]\n\n",
        ": c\r\n\r\nevent: x\r\ndata:{\"choices\":[{\"delta\":null,\"finish_reason\":\"\"}],\r\ndata: \"usage\":null}\r\n\r\ndata: {\"choices\":[{\"text\":null,\"index\":0,\"finish_reason\":\"eosFound\"}]}\n\n",
    ];

    /// <summary>Whatever comes, the stream ends with [DONE] or a gateway's error, and every event that goes out is one JSON chunk.</summary>
    [Fact]
    public async Task Damaged_streams_end_with_an_error_or_stay_streams_of_chunks()
    {
        var random = new Random(20260102);
        var whole = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var upstream = Mutations.Of(random, Encoding.UTF8.GetBytes(Seeds[random.Next(Seeds.Length)]), random.Next(4));
            var options = Chat with { Completions = random.Next(4) == 0, UsageAsked = random.Next(2) == 0, UsageInFinalChunk = random.Next(3) == 0 };
            var outcome = await Mended(upstream, options, random.Next(1, 200));
            Assert.Equal(outcome.Error is null, outcome.Text.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal));
            whole += outcome.Error is null ? 1 : 0;
            Assert.All(outcome.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries), AssertChunk);
        }

        Assert.True(whole > 4_000);
    }

    /// <summary>Cuts never matter: what comes out of a damaged stream is the same in one read and in many.</summary>
    [Fact]
    public async Task Damage_is_judged_the_same_wherever_the_reads_end()
    {
        var random = new Random(20260103);
        for (var round = 0; round < 3_000; round++)
        {
            var upstream = Mutations.Of(random, Encoding.UTF8.GetBytes(Seeds[random.Next(Seeds.Length)]), random.Next(4));
            var once = await Mended(upstream);
            var often = await Mended(upstream, length: random.Next(1, 40));
            Assert.Equal((once.Text, once.Error?.Code, once.Tally.Usage), (often.Text, often.Error?.Code, often.Tally.Usage));
        }
    }

    private static void AssertChunk(string text)
    {
        Assert.StartsWith("data: ", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', text);
        if (text == "data: [DONE]") return;
        using var document = JsonDocument.Parse(text["data: ".Length..], new JsonDocumentOptions { MaxDepth = 256 });
        Assert.Equal(JsonValueKind.Array, document.RootElement.GetProperty("choices").ValueKind);
        Assert.True(document.RootElement.GetProperty("created").TryGetInt64(out _));
    }
}
