using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Http;

/// <summary>Anthropic's API as LM Studio serves it.</summary>
public sealed class MessagesTests
{
    private const string Tool = """, "tools": [{"name":"add","input_schema":{"type":"object","properties":{"a":{"type":"integer"}}}}]""";

    [Fact]
    public async Task A_message_has_anthropics_members()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync("/v1/messages?beta=true", Ask("hello", """, "system": [{"type":"text","text":"be brief"}], "metadata": {"user_id":"x"}"""));
        Assert.Equal(("message", "assistant", Rig.Granite, "end_turn"), (reply.At("type"), reply.At("role"), reply.At("model"), reply.At("stop_reason")));
        Assert.Equal("""[{"type":"text","text":"You said: hello"}]""", reply.At("content"));
        Assert.Equal(4, reply.Json.At("usage", "output_tokens").GetInt32());
        Assert.True(reply.Json.At("usage", "input_tokens").GetInt32() > 4);
    }

    [Fact]
    public async Task A_stream_has_its_events_in_order()
    {
        await using var rig = await Rig.StartAsync();
        var events = await rig.StreamAsync("/v1/messages", Ask("count to 2", """, "stream": true"""));
        Assert.Equal(
            ["message_start", "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop", "message_delta", "message_stop"],
            events.Select(each => each.Name));
        Assert.All(events, each => Assert.Equal(each.Name, each.Json.At("type").GetString()));
        Assert.Equal("null", events[0].Json.At("message", "stop_reason").GetRawText());
        Assert.True(events[0].Json.At("message", "usage", "input_tokens").GetInt32() > 0);
        Assert.Equal("""{"type":"text_delta","text":"1"}""", events[2].Json.At("delta").GetRawText());
        Assert.Equal(("end_turn", 2), (events[5].Json.At("delta", "stop_reason").GetString(), events[5].Json.At("usage", "output_tokens").GetInt32()));
    }

    [Theory]
    [InlineData(""", "max_tokens": 2""", "max_tokens", null)]
    [InlineData(""", "stop_sequences": [", 4"]""", "stop_sequence", ", 4")]
    public async Task The_stop_reason_is_told(string more, string reason, string? sequence)
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync("/v1/messages", Ask("count to 9", more));
        Assert.Equal((reason, sequence ?? ""), (reply.At("stop_reason"), reply.At("stop_sequence")));
    }

    [Fact]
    public async Task A_tool_is_used_and_its_result_answered()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync("/v1/messages", Ask("add 5", Tool));
        Assert.Equal(("tool_use", "tool_use", "add", """{"a":5}"""), (reply.At("stop_reason"), reply.At("content", 0, "type"), reply.At("content", 0, "name"), reply.At("content", 0, "input")));
        var events = await rig.StreamAsync("/v1/messages", Ask("hello", Tool + """, "tool_choice": {"type":"any"}, "stream": true"""));
        Assert.Equal("tool_use", events[1].Json.At("content_block", "type").GetString());
        Assert.Equal("""{"a":1}""", string.Concat(events.Where(each => each.Name == "content_block_delta").Select(each => each.Json.At("delta", "partial_json").GetString())));
        var next = await rig.PostAsync("/v1/messages", """
            {"model":"granite-3.0-2b-instruct","max_tokens":100,"messages":[{"role":"user","content":"add"},
              {"role":"assistant","content":[{"type":"tool_use","id":"1","name":"add","input":{}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":"6"}]}]}]}
            """);
        Assert.Equal("The tool answered: 6", next.At("content", 0, "text"));
    }

    [Fact]
    public async Task Thinking_is_a_block_of_its_own()
    {
        await using var rig = await Rig.StartAsync();
        var events = await rig.StreamAsync("/v1/messages", Ask("hi", """, "thinking": {"type":"enabled","budget_tokens":100}, "stream": true""", Rig.Qwen));
        Assert.Equal(["thinking", "text"], events.Where(each => each.Name == "content_block_start").Select(each => each.Json.At("content_block", "type").GetString()));
        Assert.Equal([0, 1], events.Where(each => each.Name == "content_block_stop").Select(each => each.Json.At("index").GetInt32()));
        Assert.Contains(events, each => each.Name == "content_block_delta" && each.Json.At("delta", "type").GetString() == "signature_delta");
    }

    [Fact]
    public async Task Images_are_seen()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync("/v1/messages", $$"""
            {"model":"{{Rig.Vision}}","max_tokens":50,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"{{Rig.Png}}"} },{"type":"text","text":"what?"}]}]}
            """);
        Assert.Equal("I see 1 image (image/png, 67 bytes). You said: what?", reply.At("content", 0, "text"));
    }

    [Theory]
    [InlineData("{}", "messages: Field required")]
    [InlineData("""{"messages":[{"role":"robot","content":"x"}]}""", "messages: role must be 'user' or 'assistant'")]
    [InlineData("{", null)]
    public async Task Errors_have_anthropics_shape(string body, string? message)
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync("/v1/messages", body);
        Assert.Equal((400, "error", "invalid_request_error"), (reply.Status, reply.At("type"), reply.At("error", "type")));
        if (message is not null) Assert.Equal(message, reply.At("error", "message"));
    }

    [Fact]
    public async Task A_failure_inside_a_stream_is_an_error_event()
    {
        await using var rig = await Rig.StartAsync();
        rig.State.Faults.Add(new Fault { Kind = FaultKind.ErrorEvent, Tokens = 1 });
        var events = await rig.StreamAsync("/v1/messages", Ask("count to 5", """, "stream": true"""));
        Assert.Equal(("error", """{"type":"error","error":{"type":"api_error","message":"Compute error."}}"""), (events[^1].Name, events[^1].Data));
    }

    private static string Ask(string text, string more = "", string model = Rig.Granite) =>
        $$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{text}}"}]{{more}}}""";
}
