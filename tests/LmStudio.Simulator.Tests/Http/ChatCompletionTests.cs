using Xunit;

namespace LmStudio.Simulator.Tests.Http;

public sealed class ChatCompletionTests
{
    private const string Path = "/v1/chat/completions";

    [Fact]
    public async Task An_answer_has_lm_studios_members_and_its_usage()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, Ask("hello"));
        Assert.Equal(200, reply.Status);
        Assert.Matches("^chatcmpl-[0-9a-z]{21}$", reply.At("id"));
        Assert.Equal("chat.completion", reply.At("object"));
        Assert.Equal(Rig.Granite, reply.At("model"));
        Assert.Equal(Rig.Granite, reply.At("system_fingerprint"));
        Assert.Equal("assistant", reply.At("choices", 0, "message", "role"));
        Assert.Equal("You said: hello", reply.At("choices", 0, "message", "content"));
        Assert.Equal("stop", reply.At("choices", 0, "finish_reason"));
        Assert.Equal("{}", reply.At("stats"));
        var usage = reply.Json.At("usage");
        Assert.Equal(4, usage.At("completion_tokens").GetInt32());
        Assert.Equal(usage.At("prompt_tokens").GetInt32() + 4, usage.At("total_tokens").GetInt32());
    }

    [Fact]
    public async Task Count_to_n_counts_to_n()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, Ask("Please count to 7."));
        Assert.Equal("1, 2, 3, 4, 5, 6, 7", reply.At("choices", 0, "message", "content"));
        Assert.Equal("7", reply.At("usage", "completion_tokens"));
    }

    [Fact]
    public async Task Max_tokens_bounds_the_answer_and_finishes_with_length()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, Ask("count to 50", """, "max_tokens": 3"""));
        Assert.Equal("1, 2, 3", reply.At("choices", 0, "message", "content"));
        Assert.Equal("length", reply.At("choices", 0, "finish_reason"));
        var newer = await rig.PostAsync(Path, Ask("count to 50", """, "max_tokens": 9, "max_completion_tokens": 2"""));
        Assert.Equal("1, 2", newer.At("choices", 0, "message", "content"));
    }

    [Fact]
    public async Task Max_tokens_of_minus_one_is_no_bound()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, Ask("count to 40", """, "max_tokens": -1"""));
        Assert.EndsWith("40", reply.At("choices", 0, "message", "content"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_string_ends_the_answer_before_it()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, Ask("count to 50", """, "stop": ["5, 6"]"""));
        Assert.Equal("1, 2, 3, 4, ", reply.At("choices", 0, "message", "content"));
        Assert.Equal("stop", reply.At("choices", 0, "finish_reason"));
    }

    [Fact]
    public async Task Equal_prompts_have_equal_answers()
    {
        await using var rig = await Rig.StartAsync();
        var first = await rig.PostAsync(Path, Ask("Olá, tudo bem? 👋"));
        var second = await rig.PostAsync(Path, Ask("Olá, tudo bem? 👋"));
        Assert.Equal("You said: Olá, tudo bem? 👋", first.At("choices", 0, "message", "content"));
        Assert.Equal(first.At("choices"), second.At("choices"));
    }

    [Fact]
    public async Task The_role_is_in_every_delta_and_the_stream_ends_with_done()
    {
        await using var rig = await Rig.StartAsync();
        var events = await rig.StreamAsync(Path, Ask("count to 3", """, "stream": true"""));
        Assert.Equal("[DONE]", events[^1].Data);
        var chunks = events.SkipLast(1).Select(each => each.Json).ToList();
        Assert.Equal(["1", ", 2", ", 3"], chunks.SkipLast(1).Select(chunk => chunk.At("choices", 0, "delta", "content").GetString()));
        Assert.All(chunks.SkipLast(1), chunk => Assert.Equal("assistant", chunk.At("choices", 0, "delta", "role").GetString()));
        Assert.Equal("{}", chunks[^1].At("choices", 0, "delta").GetRawText());
        Assert.Equal("stop", chunks[^1].At("choices", 0, "finish_reason").GetString());
        Assert.Single(chunks.Select(chunk => (chunk.At("id").GetString(), chunk.At("created").GetInt64(), chunk.At("model").GetString(), chunk.At("system_fingerprint").GetString())).Distinct());
        Assert.All(chunks, chunk => Assert.Equal("chat.completion.chunk", chunk.At("object").GetString()));
    }

    [Fact]
    public async Task Usage_is_streamed_only_when_asked_for()
    {
        await using var rig = await Rig.StartAsync();
        var without = await rig.StreamAsync(Path, Ask("hi", """, "stream": true"""));
        Assert.DoesNotContain(without, each => each.Data.Contains("usage", StringComparison.Ordinal));
        var with = await rig.StreamAsync(Path, Ask("hi", """, "stream": true, "stream_options": {"include_usage": true}"""));
        var usage = with[^2].Json;
        Assert.Equal(0, usage.At("choices").GetArrayLength());
        Assert.Equal(4, usage.At("usage", "completion_tokens").GetInt32());
        Assert.Single(with, each => each.Data.Contains("usage", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_model_answered_is_the_instance_and_may_differ_from_the_request()
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Granite}}"}""");
        await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Granite}}"}""");
        var reply = await rig.PostAsync(Path, Ask("hi", model: Rig.Granite + ":2"));
        Assert.Equal(Rig.Granite + ":2", reply.At("model"));
    }

    [Fact]
    public async Task A_prompt_that_names_a_tool_calls_it_with_arguments_from_its_schema()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, Ask("use get_weather for Paris, 3 days", Tools));
        Assert.Equal("tool_calls", reply.At("choices", 0, "finish_reason"));
        var call = reply.Json.At("choices", 0, "message", "tool_calls", 0);
        Assert.Matches("^[0-9]{9}$", call.At("id").GetString());
        Assert.False(call.Has("index"));
        Assert.Equal("get_weather", call.At("function", "name").GetString());
        Assert.Equal("""{"city":"days","days":3,"unit":"celsius"}""", call.At("function", "arguments").GetString());
    }

    [Fact]
    public async Task Tool_calls_stream_with_the_name_once_and_the_arguments_in_pieces()
    {
        await using var rig = await Rig.StartAsync();
        var events = await rig.StreamAsync(Path, Ask("get weather please", Tools + """, "stream": true"""));
        var deltas = events.SkipLast(2).Select(each => each.Json.At("choices", 0, "delta", "tool_calls", 0)).ToList();
        Assert.Equal("get_weather", deltas[0].At("function", "name").GetString());
        Assert.Equal("", deltas[0].At("function", "arguments").GetString());
        Assert.All(deltas.Skip(1), delta => Assert.False(delta.Has("id") || delta.At("function").Has("name")));
        Assert.Equal("""{"city":"please","days":1,"unit":"celsius"}""", string.Concat(deltas.Select(delta => delta.At("function", "arguments").GetString())));
        Assert.Equal("tool_calls", events[^2].Json.At("choices", 0, "finish_reason").GetString());
    }

    [Fact]
    public async Task Tool_choice_required_calls_a_tool_and_none_does_not()
    {
        await using var rig = await Rig.StartAsync();
        var required = await rig.PostAsync(Path, Ask("hello", Tools + """, "tool_choice": "required" """));
        Assert.Equal("tool_calls", required.At("choices", 0, "finish_reason"));
        var none = await rig.PostAsync(Path, Ask("get_weather", Tools + """, "tool_choice": "none" """));
        Assert.Equal("stop", none.At("choices", 0, "finish_reason"));
    }

    [Fact]
    public async Task A_tool_result_is_answered_with_text()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, $$"""
            {"model":"{{Rig.Granite}}","messages":[
              {"role":"user","content":"use get_weather"},
              {"role":"assistant","content":null,"tool_calls":[{"id":"123456789","type":"function","function":{"name":"get_weather","arguments":"{}"} } ] },
              {"role":"tool","tool_call_id":"123456789","content":"sunny"}]{{Tools}}}
            """);
        Assert.Equal("The tool answered: sunny", reply.At("choices", 0, "message", "content"));
    }

    [Fact]
    public async Task A_json_schema_is_answered_with_fitting_json()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, Ask("a book of 12 pages", """
            , "response_format": {"type":"json_schema","json_schema":{"name":"book","strict":true,"schema":{"type":"object","properties":
              {"title":{"type":"string"},"pages":{"type":"integer"},"tags":{"type":"array","items":{"enum":["new","old"]}}},"required":["title","pages"],"additionalProperties":false}}}
            """));
        Assert.Equal("""{"title":"pages","pages":12,"tags":["new"]}""", reply.At("choices", 0, "message", "content"));
        var permissive = await rig.PostAsync(Path, Ask("hi", """, "response_format": {"type":"json_schema","json_schema":{"name":"any","schema":{"type":"object"}}}"""));
        Assert.Equal("""{"answer":"You said: hi"}""", permissive.At("choices", 0, "message", "content"));
    }

    [Fact]
    public async Task Images_are_counted_and_named()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, $$"""
            {"model":"{{Rig.Vision}}","messages":[{"role":"user","content":[
              {"type":"text","text":"what is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,{{Rig.Png}}"} } ] } ] }
            """);
        Assert.Equal("I see 1 image (image/png, 67 bytes). You said: what is this?", reply.At("choices", 0, "message", "content"));
    }

    [Fact]
    public async Task The_developer_role_is_taken_for_system()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Path, $$"""{"model":"{{Rig.Granite}}","messages":[{"role":"developer","content":"be short"},{"role":"user","content":"hi"}]}""");
        Assert.Equal(200, reply.Status);
    }

    [Theory]
    [InlineData("reasoning-content", "reasoning_content")]
    [InlineData("reasoning", "reasoning")]
    public async Task Reasoning_goes_into_the_field_that_is_set_and_only_when_asked_for(string setting, string field)
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync("/simulator/settings", $$"""{"reasoningField":"{{setting}}"}""");
        var quiet = await rig.PostAsync(Path, Ask("hi", model: Rig.Qwen));
        Assert.False(quiet.Json.At("choices", 0, "message").Has(field));
        var reply = await rig.PostAsync(Path, Ask("hi", """, "reasoning_effort": "low" """, Rig.Qwen));
        Assert.Equal("The user wrote 1 tokens. I answer them.", reply.At("choices", 0, "message", field));
        Assert.True(reply.Json.At("usage", "completion_tokens_details", "reasoning_tokens").GetInt32() > 0);
        var events = await rig.StreamAsync(Path, Ask("hi", """, "stream": true, "reasoning_effort": "low" """, Rig.Qwen));
        var deltas = events.SkipLast(2).Select(each => each.Json.At("choices", 0, "delta")).ToList();
        Assert.Equal("The user wrote 1 tokens. I answer them.", string.Concat(deltas.Where(delta => delta.Has(field)).Select(delta => delta.At(field).GetString())));
        Assert.All(deltas, delta => Assert.Equal("assistant", delta.At("role").GetString()));
    }

    [Fact]
    public async Task Reasoning_can_stay_inside_the_content()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { ReasoningField = LmStudio.Simulator.Engine.ReasoningField.InContent });
        var reply = await rig.PostAsync(Path, Ask("hi", """, "reasoning_effort": "low" """, Rig.Qwen));
        Assert.Equal("<think>The user wrote 1 tokens. I answer them.</think>You said: hi", reply.At("choices", 0, "message", "content"));
    }

    private const string Tools = """
        , "tools": [{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":
          {"city":{"type":"string"},"days":{"type":"integer"},"unit":{"type":"string","enum":["celsius","fahrenheit"]}},"required":["city"]}}}]
        """;

    private static string Ask(string text, string more = "", string model = Rig.Granite) =>
        $$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{text}}"}]{{more}}}""";
}
