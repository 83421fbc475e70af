using Xunit;

namespace LmStudio.Simulator.Tests.Http;

public sealed class CompletionAndEmbeddingTests
{
    [Fact]
    public async Task A_completion_takes_its_prompt_without_a_template()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync("/v1/completions", Complete("count to 9", """, "max_tokens": 2, "stop": "never" """));
        Assert.Matches("^cmpl-[0-9a-z]{21}$", reply.At("id"));
        Assert.Equal(("text_completion", "1, 2", "length"), (reply.At("object"), reply.At("choices", 0, "text"), reply.At("choices", 0, "finish_reason")));
        Assert.Equal("""{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}""", reply.At("usage"));
    }

    [Fact]
    public async Task A_completion_streams_text_chunks()
    {
        await using var rig = await Rig.StartAsync();
        var events = await rig.StreamAsync("/v1/completions", Complete("count to 2", """, "stream": true, "stream_options": {"include_usage": true}"""));
        Assert.Equal(["1", ", 2", ""], events.SkipLast(2).Select(each => each.Json.At("choices", 0, "text").GetString()));
        Assert.All(events.SkipLast(1), each => Assert.Equal("text_completion", each.Json.At("object").GetString()));
        Assert.Equal("stop", events[^3].Json.At("choices", 0, "finish_reason").GetString());
        Assert.Equal(2, events[^2].Json.At("usage", "completion_tokens").GetInt32());
        Assert.Equal("[DONE]", events[^1].Data);
    }

    [Theory]
    [InlineData("/v1/completions", """{"model":"granite-3.0-2b-instruct"}""", "'prompt' field is required")]
    [InlineData("/v1/completions", """{"model":"granite-3.0-2b-instruct","prompt":5}""", "'prompt' field must be a string or an array of strings")]
    [InlineData("/v1/embeddings", """{"model":"text-embedding-nomic-embed-text-v1.5"}""", "'input' field is required")]
    [InlineData("/v1/embeddings", """{"model":"text-embedding-nomic-embed-text-v1.5","input":[[1,2]]}""", "'input' field must be a string or an array of strings")]
    [InlineData("/v1/embeddings", """{"model":"text-embedding-nomic-embed-text-v1.5","input":[]}""", "'input' field must be a string or an array of strings")]
    public async Task What_is_missing_is_named_in_a_plain_string(string path, string body, string message)
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(path, body);
        Assert.Equal((400, message), (reply.Status, reply.At("error")));
    }

    [Fact]
    public async Task Embeddings_come_in_the_order_of_their_inputs_with_usage_of_zero()
    {
        await using var rig = await Rig.StartAsync();
        var many = await rig.PostAsync("/v1/embeddings", Embed("""["a cat","a dog"]"""));
        var one = await rig.PostAsync("/v1/embeddings", Embed("\"a dog\""));
        Assert.Equal(("list", Rig.Embedding, "embedding"), (many.At("object"), many.At("model"), many.At("data", 0, "object")));
        Assert.Equal([0, 1], many.Json.At("data").EnumerateArray().Select(each => each.At("index").GetInt32()));
        Assert.Equal(one.At("data", 0, "embedding"), many.At("data", 1, "embedding"));
        Assert.NotEqual(many.At("data", 0, "embedding"), many.At("data", 1, "embedding"));
        Assert.Equal("""{"prompt_tokens":0,"total_tokens":0}""", many.At("usage"));
        Assert.Equal(1, many.Json.At("data", 0, "embedding").EnumerateArray().Sum(each => each.GetDouble() * each.GetDouble()), 3);
    }

    private static string Complete(string prompt, string more) => $$"""{"model":"{{Rig.Granite}}","prompt":"{{prompt}}"{{more}}}""";

    private static string Embed(string input) => $$"""{"model":"{{Rig.Embedding}}","input":{{input}}}""";
}
