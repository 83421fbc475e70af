using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Http;

/// <summary>The native stateful chat, <c>/api/v1/chat</c>.</summary>
public sealed class NativeChatTests
{
    private const string Path = "/api/v1/chat";

    [Fact]
    public async Task An_answer_that_needed_a_load_tells_how_long_it_took()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = TimeSpan.FromMilliseconds(20) });
        var cold = await rig.PostAsync(Path, Ask("hello"));
        Assert.Equal((Rig.Granite, """[{"type":"message","content":"You said: hello"}]"""), (cold.At("model_instance_id"), cold.At("output")));
        Assert.Equal(4, cold.Json.At("stats", "total_output_tokens").GetInt32());
        Assert.Matches("^resp_[0-9a-f]{48}$", cold.At("response_id"));
        Assert.True(cold.Json.At("stats", "model_load_time_seconds").GetDouble() > 0);
        var warm = await rig.PostAsync(Path, Ask("hello", """, "store": false"""));
        Assert.False(warm.Json.At("stats").Has("model_load_time_seconds") || warm.Json.Has("response_id"));
    }

    [Fact]
    public async Task A_cold_stream_reports_the_load_the_prompt_and_the_message()
    {
        await using var rig = await Rig.StartAsync();
        var events = await rig.StreamAsync(Path, Ask("count to 2", """, "stream": true"""));
        Assert.Equal(
            ["chat.start", "model_load.start", .. Enumerable.Repeat("model_load.progress", 6), "model_load.end", "prompt_processing.start", "prompt_processing.progress",
                "prompt_processing.progress", "prompt_processing.end", "message.start", "message.delta", "message.delta", "message.end", "chat.end"],
            events.Select(each => each.Name));
        Assert.All(events, each => Assert.Equal(each.Name, each.Json.At("type").GetString()));
        Assert.Equal([0, 0.2, 0.4, 0.6, 0.8, 1], events.Where(each => each.Name == "model_load.progress").Select(each => each.Json.At("progress").GetDouble()));
        Assert.Equal("1, 2", events[^1].Json.At("result", "output", 0, "content").GetString());
    }

    [Fact]
    public async Task A_warm_stream_has_no_load_events_and_thinks_in_its_own_group()
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Qwen}}"}""");
        var events = await rig.StreamAsync(Path, Ask("hi", """, "stream": true, "reasoning": "on" """, Rig.Qwen));
        Assert.DoesNotContain(events, each => each.Name!.StartsWith("model_load", StringComparison.Ordinal));
        Assert.Equal(
            ["reasoning.start", "reasoning.end", "message.start", "message.end"],
            events.Select(each => each.Name!).Where(name => name is "reasoning.start" or "reasoning.end" or "message.start" or "message.end"));
        Assert.Equal(["reasoning", "message"], events[^1].Json.At("result", "output").EnumerateArray().Select(each => each.At("type").GetString()));
        Assert.True(events[^1].Json.At("result", "stats", "reasoning_output_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task A_conversation_is_continued_by_its_response_id()
    {
        await using var rig = await Rig.StartAsync();
        var first = await rig.PostAsync(Path, Ask("hello", """, "system_prompt": "be brief" """));
        var second = await rig.PostAsync(Path, Ask("hello", $$""", "previous_response_id": "{{first.At("response_id")}}" """));
        Assert.True(second.Json.At("stats", "input_tokens").GetInt32() > first.Json.At("stats", "input_tokens").GetInt32());
        var unknown = await rig.PostAsync(Path, Ask("hello", """, "previous_response_id": "resp_0" """));
        Assert.Equal((400, "previous_response_id"), (unknown.Status, unknown.At("error", "param")));
    }

    [Fact]
    public async Task The_input_may_be_items_with_images()
    {
        await using var rig = await Rig.StartAsync();
        foreach (var type in new[] { "message", "text" })
        {
            var reply = await rig.PostAsync(Path, $$"""
                {"model":"{{Rig.Vision}}","input":[{"type":"{{type}}","content":"look"},{"type":"image","data_url":"data:image/png;base64,{{Rig.Png}}"}]}
                """);
            Assert.Equal("I see 1 image (image/png, 67 bytes). You said: look", reply.At("output", 0, "content"));
        }
    }

    [Fact]
    public async Task The_context_length_counts_for_the_load_that_it_triggers()
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync(Path, Ask("hi", """, "context_length": 1234"""));
        Assert.Equal(1234, Assert.Single(rig.State.Instances.All).ContextLength);
    }

    [Theory]
    [InlineData("""{"input":"hi"}""", "missing_required_parameter", "model")]
    [InlineData("""{"model":"granite-3.0-2b-instruct"}""", "missing_required_parameter", "input")]
    [InlineData("""{"model":"granite-3.0-2b-instruct","input":"hi","temperature":1.5}""", "invalid_value", "temperature")]
    [InlineData("""{"model":"granite-3.0-2b-instruct","input":"hi","reasoning":"maybe"}""", "invalid_value", "reasoning")]
    [InlineData("""{"model":"granite-3.0-2b-instruct","input":"hi","reasoning":"on"}""", "invalid_value", "reasoning")]
    [InlineData("""{"model":"granite-3.0-2b-instruct","input":[{"type":"video"}]}""", "invalid_value", "input")]
    [InlineData("""{"model":"qwen3-vl-4b-instruct","input":[{"type":"image","data_url":"http://x/y.png"}]}""", "invalid_value", "input")]
    public async Task Wrong_requests_are_refused_strictly(string body, string code, string param)
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, body);
        Assert.Equal((400, "invalid_request", code, param), (reply.Status, reply.At("error", "type"), reply.At("error", "code"), reply.At("error", "param")));
        Assert.Empty(rig.State.Instances.All);
    }

    [Fact]
    public async Task Members_of_other_apis_are_unrecognised()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, Ask("hi", """, "stop": ["x"], "seed": 1"""));
        Assert.Equal((400, "unrecognized_keys", "Unrecognized key(s) in object: 'stop', 'seed'"), (reply.Status, reply.At("error", "code"), reply.At("error", "message")));
    }

    [Fact]
    public async Task An_unknown_model_is_model_not_found()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, Ask("hi", """, "stream": true""", "nope"));
        Assert.Equal((404, "model_not_found"), (reply.Status, reply.At("error", "type")));
    }

    [Fact]
    public async Task Chat_end_comes_even_after_an_error()
    {
        await using var rig = await Rig.StartAsync();
        rig.State.Faults.Add(new Fault { Kind = FaultKind.ErrorEvent, Scope = Path, Tokens = 1, Count = 1 });
        var events = await rig.StreamAsync(Path, Ask("count to 5", """, "stream": true"""));
        Assert.Equal(["error", "chat.end"], events.TakeLast(2).Select(each => each.Name));
        Assert.Equal("Compute error.", events[^2].Json.At("error", "message").GetString());
        var tooLong = await rig.StreamAsync(Path, Ask(string.Concat(Enumerable.Repeat("word ", 300)), """, "stream": true, "context_length": 100""", "qwen2-1.5b-instruct"));
        Assert.Equal(["error", "chat.end"], tooLong.TakeLast(2).Select(each => each.Name));
    }

    private static string Ask(string text, string more = "", string model = Rig.Granite) => $$"""{"model":"{{model}}","input":"{{text}}"{{more}}}""";
}
