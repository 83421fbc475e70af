using System.Text.Json;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Http;

public sealed class ResponsesTests
{
    private const string Path = "/v1/responses";

    private const string Tool = """, "tools": [{"type":"function","name":"add","parameters":{"type":"object","properties":{"a":{"type":"number"}}}}]""";

    [Fact]
    public async Task A_response_has_the_members_that_clients_need()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, Ask("\"hello\"", """, "instructions": "be brief" """));
        Assert.Matches("^resp_[0-9a-f]{48}$", reply.At("id"));
        Assert.Equal(("response", "completed", Rig.Granite), (reply.At("object"), reply.At("status"), reply.At("model")));
        var message = reply.Json.At("output", 0);
        Assert.Matches("^msg_[0-9a-z]+$", message.At("id").GetString());
        Assert.Equal("You said: hello", message.At("content", 0, "text").GetString());
        Assert.Equal("be brief", reply.At("instructions"));
        var usage = reply.Json.At("usage");
        Assert.Equal(usage.At("total_tokens").GetInt32(), usage.At("input_tokens").GetInt32() + usage.At("output_tokens").GetInt32());
        foreach (var member in new[] { "created_at", "completed_at", "incomplete_details", "previous_response_id", "error", "parallel_tool_calls", "tool_choice", "tools", "text", "metadata" })
            Assert.True(reply.Json.Has(member), member);
    }

    [Fact]
    public async Task A_stream_has_its_events_in_order_and_numbered()
    {
        await using var rig = await Rig.StartAsync();
        var events = await rig.StreamAsync(Path, Ask("\"count to 2\"", """, "stream": true"""));
        Assert.Equal(
            ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
                "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"],
            events.Select(each => each.Name));
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(each => each.Json.At("sequence_number").GetInt32()));
        Assert.All(events, each => Assert.Equal(each.Name, each.Json.At("type").GetString()));
        Assert.Equal("1, 2", events[6].Json.At("text").GetString());
        var response = events[^1].Json.At("response");
        Assert.Equal(("completed", "1, 2"), (response.At("status").GetString(), response.At("output", 0, "content", 0, "text").GetString()));
        Assert.Single(events.Take(2).Select(each => each.Json.At("response", "id").GetString()).Append(response.At("id").GetString()).Distinct());
    }

    [Fact]
    public async Task A_cut_answer_is_incomplete()
    {
        await using var rig = await Rig.StartAsync();
        var whole = await rig.PostAsync(Path, Ask("\"count to 9\"", """, "max_output_tokens": 2"""));
        Assert.Equal(("incomplete", "max_output_tokens"), (whole.At("status"), whole.At("incomplete_details", "reason")));
        var events = await rig.StreamAsync(Path, Ask("\"count to 9\"", """, "max_output_tokens": 2, "stream": true"""));
        Assert.Equal("response.incomplete", events[^1].Name);
    }

    [Fact]
    public async Task A_function_call_streams_its_arguments_and_its_output_is_answered()
    {
        await using var rig = await Rig.StartAsync();
        var events = await rig.StreamAsync(Path, Ask("\"add 4\"", Tool + """, "stream": true"""));
        Assert.Equal("""{"a":4}""", string.Concat(events.Where(each => each.Name == "response.function_call_arguments.delta").Select(each => each.Json.At("delta").GetString())));
        var call = events[^1].Json.At("response", "output", 0);
        Assert.Equal(("function_call", "add", """{"a":4}"""), (call.At("type").GetString(), call.At("name").GetString(), call.At("arguments").GetString()));
        var whole = await rig.PostAsync(Path, Ask("\"add 4\"", Tool));
        Assert.Equal(call.At("call_id").GetString(), whole.At("output", 0, "call_id"));
        var next = await rig.PostAsync(Path, Ask("""[{"type":"function_call_output","call_id":"1","output":"8"}]""", Tool + $$""", "previous_response_id": "{{whole.At("id")}}" """));
        Assert.Equal("The tool answered: 8", next.At("output", 0, "content", 0, "text"));
    }

    [Fact]
    public async Task A_stored_response_is_continued_and_an_unknown_one_refused()
    {
        await using var rig = await Rig.StartAsync();
        var first = await rig.PostAsync(Path, Ask("\"hello\""));
        var second = await rig.PostAsync(Path, Ask("\"hello\"", $$""", "previous_response_id": "{{first.At("id")}}" """));
        Assert.True(second.Json.At("usage", "input_tokens").GetInt32() > first.Json.At("usage", "input_tokens").GetInt32());
        var unknown = await rig.PostAsync(Path, Ask("\"hello\"", """, "previous_response_id": "resp_0" """));
        Assert.Equal((404, "previous_response_not_found"), (unknown.Status, unknown.At("error", "code")));
        var unstored = await rig.PostAsync(Path, Ask("\"hello\"", """, "store": false"""));
        Assert.Equal(404, (await rig.PostAsync(Path, Ask("\"x\"", $$""", "previous_response_id": "{{unstored.At("id")}}" """))).Status);
    }

    [Fact]
    public async Task An_empty_text_object_is_400_required()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, Ask("\"hi\"", """, "text": {}"""));
        Assert.Equal((400, """{"error":{"message":"Required","type":"invalid_request_error","param":"text.format","code":"missing_required_parameter"}}"""), (reply.Status, reply.Text));
    }

    [Fact]
    public async Task A_schema_is_not_enforced()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, Ask("\"hi\"", """, "text": {"format":{"type":"json_schema","name":"x","schema":{"type":"object","properties":{"a":{"type":"number"}}}}}"""));
        Assert.Equal("You said: hi", reply.At("output", 0, "content", 0, "text"));
    }

    [Fact]
    public async Task Items_carry_roles_text_and_images()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, $$"""
            {"model":"{{Rig.Vision}}","input":[{"role":"developer","content":"x"},
              {"type":"message","role":"user","content":[{"type":"input_text","text":"look"},{"type":"input_image","image_url":"data:image/png;base64,{{Rig.Png}}"}]}]}
            """);
        Assert.Equal("I see 1 image (image/png, 67 bytes). You said: look", reply.At("output", 0, "content", 0, "text"));
    }

    [Fact]
    public async Task Reasoning_is_an_item_of_its_own()
    {
        await using var rig = await Rig.StartAsync();
        var events = await rig.StreamAsync(Path, Ask("\"hi\"", """, "reasoning": {"effort":"low"}, "stream": true""", Rig.Qwen));
        Assert.Contains(events, each => each.Name == "response.reasoning_text.delta");
        Assert.Equal(["reasoning", "message"], events[^1].Json.At("response", "output").EnumerateArray().Select(each => each.At("type").GetString()));
        var whole = await rig.PostAsync(Path, Ask("\"hi\"", """, "reasoning": {"effort":"low"}""", Rig.Qwen));
        Assert.Equal("reasoning", whole.At("output", 0, "type"));
    }

    [Fact]
    public async Task A_failure_inside_a_stream_is_response_failed()
    {
        await using var rig = await Rig.StartAsync();
        rig.State.Faults.Add(new Fault { Kind = FaultKind.ErrorEvent, Tokens = 1 });
        var events = await rig.StreamAsync(Path, Ask("\"count to 5\"", """, "stream": true"""));
        Assert.Equal("response.failed", events[^1].Name);
        Assert.Equal(("failed", "Compute error."), (events[^1].Json.At("response", "status").GetString(), events[^1].Json.At("response", "error", "message").GetString()));
        Assert.Equal(JsonValueKind.Null, events[^1].Json.At("response", "usage").ValueKind);
    }

    private static string Ask(string input, string more = "", string model = Rig.Granite) => $$"""{"model":"{{model}}","input":{{input}}{{more}}}""";
}
