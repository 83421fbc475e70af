using System.Text;
using System.Text.Json;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Provider;

/// <summary>Streams as the provider document prints them.</summary>
public sealed class StreamTests
{
    [Fact]
    [Trait("req", "S2-34")]
    [Trait("req", "S2-35")]
    [Trait("req", "S2-36")]
    [Trait("req", "S2-37")]
    public async Task Role_first_then_text_then_the_reason_with_the_usage_then_the_end()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        var events = await gateway.StreamAsync();
        Assert.Equal("[DONE]", events[^1]);
        var chunks = events[..^1].Select(text => JsonElement.Parse(text)).ToList();
        Assert.All(chunks, chunk =>
        {
            Assert.Equal("chat.completion.chunk", chunk.GetProperty("object").GetString());
            Assert.Equal((JsonValueKind.String, JsonValueKind.Number), (chunk.GetProperty("id").ValueKind, chunk.GetProperty("created").ValueKind));
            Assert.Equal(GatewayUnderTest.Chat, chunk.GetProperty("model").GetString());
            Assert.Equal(0, Assert.Single(chunk.GetProperty("choices").EnumerateArray()).GetProperty("index").GetInt32());
        });
        Assert.Equal("assistant", Delta(chunks[0]).GetProperty("role").GetString());
        Assert.Equal("1, 2, 3", string.Concat(chunks.Select(chunk => Delta(chunk).TryGetProperty("content", out var content) ? content.GetString() : "")));
        var last = chunks[^1];
        Assert.Equal(("{}", "stop"), (Delta(last).GetRawText(), last.GetProperty("choices")[0].GetProperty("finish_reason").GetString()));
        Assert.Equal(["prompt_tokens", "completion_tokens", "total_tokens"], last.GetProperty("usage").EnumerateObject().Select(member => member.Name));
        Assert.All(chunks[..^1], chunk => Assert.False(chunk.TryGetProperty("usage", out _)));
    }

    [Fact]
    [Trait("req", "S2-37")]
    public async Task A_caller_that_asks_for_the_usage_also_gets_it_as_OpenAI_sends_it()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        var events = await gateway.StreamAsync("\"stream_options\":{\"include_usage\":true}");
        var (final, usage) = (JsonElement.Parse(events[^3]), JsonElement.Parse(events[^2]));
        Assert.Equal(0, usage.GetProperty("choices").GetArrayLength());
        Assert.Equal(usage.GetProperty("usage").GetProperty("total_tokens").GetInt32(), final.GetProperty("usage").GetProperty("total_tokens").GetInt32());
    }

    [Fact]
    [Trait("req", "S2-38")]
    public async Task A_failure_inside_a_stream_is_its_last_event()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.ErrorEvent, Scope = ProviderGateway.Chat, Tokens = 2, Message = "The model has crashed." });
        var events = await gateway.StreamAsync();
        var error = JsonElement.Parse(events[^1]).GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("The model has crashed.", "api_error"), (error.GetProperty("message").GetString(), error.GetProperty("type").GetString()));
        Assert.DoesNotContain("[DONE]", events);
    }

    [Fact]
    [Trait("req", "S2-39")]
    public async Task A_client_that_takes_each_read_for_whole_lines_can_read_it()
    {
        await using var gateway = await ProviderGateway.StartAsync(simulate: simulator => simulator with { TokensPerSecond = 200 });
        using var response = await gateway.PostAsync(ProviderGateway.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 8", "\"stream\":true"));
        await using var stream = await response.Content.ReadAsStreamAsync();
        var (buffer, text, done) = (new byte[64 * 1024], new StringBuilder(), false);
        for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
        {
            var block = Encoding.UTF8.GetString(buffer, 0, read);
            Assert.EndsWith("\n\n", block, StringComparison.Ordinal);
            foreach (var line in block.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)))
            {
                done = line == "data: [DONE]";
                if (!done && Delta(JsonElement.Parse(line["data: ".Length..])).TryGetProperty("content", out var content)) text.Append(content.GetString());
            }
        }

        Assert.True(done);
        Assert.EndsWith("7, 8", text.ToString(), StringComparison.Ordinal);
    }

    private static JsonElement Delta(JsonElement chunk) => chunk.GetProperty("choices")[0].GetProperty("delta");
}
