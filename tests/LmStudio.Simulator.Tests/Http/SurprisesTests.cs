using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Http;

/// <summary>LM Studio's surprises, one test a row, and its error shapes.</summary>
public sealed class SurprisesTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Overflow = "The number of tokens to keep from the initial prompt is greater than the context length";

    [Theory]
    [InlineData("GET", "/foo")]
    [InlineData("GET", "/health")]
    [InlineData("GET", "/")]
    [InlineData("POST", "/chat/completions")]
    [InlineData("DELETE", "/v1/models")]
    [InlineData("GET", "/v1/chat/completions")]
    [InlineData("POST", "/v1/messages/count_tokens")]
    [InlineData("OPTIONS", "/v1/chat/completions")]
    public async Task An_unknown_endpoint_or_method_is_200_with_an_error_body(string method, string path)
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        Assert.Equal(200, reply.Status);
        Assert.Equal($$"""{"error":"Unexpected endpoint or method. ({{method}} {{path}})"}""", reply.Text);
    }

    [Fact]
    public async Task A_failure_is_an_error_frame_on_a_stream_and_400_without_one()
    {
        await using var rig = await Rig.StartAsync();
        rig.State.Faults.Add(new Fault { Kind = FaultKind.ErrorEvent, Scope = Chat, Tokens = 2, Count = 2 });
        var events = await rig.StreamAsync(Chat, Ask("count to 9", """, "stream": true"""));
        Assert.Equal(3, events.Count);
        Assert.Equal("error", events[^1].Name);
        Assert.Equal("""{"error":{"message":"Compute error."},"message":"Compute error."}""", events[^1].Data);
        var whole = await rig.PostAsync(Chat, Ask("count to 9"));
        Assert.Equal((400, """{"error":"Compute error."}"""), (whole.Status, whole.Text));
    }

    [Theory]
    [InlineData("""{"model":"m"}""", "'messages' field is required")]
    [InlineData("""{"model":"m","messages":"hi"}""", "'messages' field must be an array")]
    [InlineData("""{"model":"m","messages":[{"content":"x"}]}""", "'messages' objects must have a 'role' field")]
    [InlineData("""{"model":"m","messages":[{"role":"tool","tool_call_id":"1","content":{"a":1}}]}""", "Invalid 'content': 'content' of a 'tool' message must be a string")]
    [InlineData("""{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"","type":"function","function":{"name":"f"}}]}]}""", "Invalid 'tool_calls': 'id' must be a non-empty string")]
    public async Task Chat_validation_errors_are_plain_strings(string body, string message)
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Chat, body);
        Assert.Equal((400, message), (reply.Status, reply.At("error")));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[1]")]
    [InlineData("")]
    public async Task A_body_that_is_no_json_object_is_400(string body)
    {
        await using var rig = await Rig.StartAsync();
        Assert.Equal(400, (await rig.PostAsync(Chat, body)).Status);
        Assert.Equal("invalid_request", (await rig.PostAsync("/api/v1/models/load", body)).At("error", "type"));
    }

    [Fact]
    public async Task The_only_loaded_model_answers_for_any_name_when_set()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoneModelAnswers = true });
        await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Granite}}"}""");
        var reply = await rig.PostAsync(Chat, Ask("hi", model: "gpt-4"));
        Assert.Equal((200, Rig.Granite), (reply.Status, reply.At("model")));
    }

    [Fact]
    public async Task A_second_load_makes_a_second_instance_and_both_are_listed()
    {
        await using var rig = await Rig.StartAsync();
        Assert.Equal(Rig.Qwen, (await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Qwen}}"}""")).At("instance_id"));
        Assert.Equal(Rig.Qwen + ":2", (await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Qwen}}"}""")).At("instance_id"));
        var ids = (await rig.GetAsync("/v1/models")).Json.At("data").EnumerateArray().Select(each => each.At("id").GetString()).ToList();
        Assert.Contains(Rig.Qwen, ids);
        Assert.Contains(Rig.Qwen + ":2", ids);
    }

    [Theory]
    [InlineData("ttl", "60")]
    [InlineData("gpu", "1")]
    [InlineData("parallel", "2")]
    [InlineData("identifier", "\"x\"")]
    public async Task A_rest_load_rejects_unknown_fields(string field, string value)
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Granite}}","{{field}}":{{value}}}""");
        Assert.Equal(400, reply.Status);
        Assert.Equal($$$"""{"error":{"type":"invalid_request","message":"Unrecognized key(s) in object: '{{{field}}}'","code":"unrecognized_keys"}}""", reply.Text);
        Assert.Equal(0, rig.Counters.LoadsStarted);
    }

    [Fact]
    public async Task A_prompt_past_the_context_is_400_with_llama_cpps_words()
    {
        await using var rig = await Rig.StartAsync();
        foreach (var stream in new[] { "", """, "stream": true""" })
        {
            var reply = await rig.PostAsync(Chat, Ask(TooLong, stream));
            Assert.Equal(400, reply.Status);
            Assert.StartsWith($"{Overflow} (n_keep: ", reply.At("error"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_prompt_past_the_context_can_be_a_successful_empty_stream()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { PromptOverflow = PromptOverflow.EmptyStream });
        var events = await rig.StreamAsync(Chat, Ask(TooLong, """, "stream": true"""));
        Assert.Equal(2, events.Count);
        Assert.Equal("{}", events[0].Json.At("choices", 0, "delta").GetRawText());
        Assert.Equal("[DONE]", events[1].Data);
    }

    [Fact]
    public async Task A_prompt_past_the_context_can_be_an_error_frame_on_200()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { PromptOverflow = PromptOverflow.ErrorEvent });
        var only = Assert.Single(await rig.StreamAsync(Chat, Ask(TooLong, """, "stream": true""")));
        Assert.Equal("error", only.Name);
        Assert.StartsWith(Overflow, only.Json.At("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_object_is_refused()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Chat, Ask("hi", """, "response_format": {"type":"json_object"}"""));
        Assert.Equal((400, """{"error":"'response_format.type' must be 'json_schema' or 'text'"}"""), (reply.Status, reply.Text));
    }

    [Fact]
    public async Task A_tool_choice_object_is_refused()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Chat, Ask("hi", """, "tool_choice": {"type":"function","function":{"name":"f"}}"""));
        Assert.Equal((400, """{"error":"Invalid tool_choice type: 'object'. Supported string values: none, auto, required"}"""), (reply.Status, reply.Text));
    }

    [Fact]
    public async Task Embeddings_are_floats_whatever_the_encoding_asked_for()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync("/v1/embeddings", $$"""{"model":"{{Rig.Embedding}}","input":"hi","encoding_format":"base64"}""");
        Assert.Equal(768, reply.Json.At("data", 0, "embedding").GetArrayLength());
    }

    [Fact]
    public async Task Log_probabilities_are_null_and_cached_tokens_absent()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Chat, Ask("hi", """, "logprobs": true, "top_logprobs": 3"""));
        Assert.Equal("null", reply.Json.At("choices", 0, "logprobs").GetRawText());
        Assert.False(reply.Json.At("usage").Has("prompt_tokens_details"));
    }

    [Fact]
    public async Task An_engine_that_dies_while_loading_speaks_of_llama_server()
    {
        const string Message = "engine protocol runtime llama-server exited before becoming healthy";
        await using var rig = await Rig.StartAsync();
        rig.State.Faults.Add(new Fault { Kind = FaultKind.LoadFailed, Scope = Rig.Granite, Count = 2, Message = Message });
        var native = await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Granite}}"}""");
        Assert.Equal((500, "model_load_failed", Message), (native.Status, native.At("error", "type"), native.At("error", "message")));
        var chat = await rig.PostAsync(Chat, Ask("hi"));
        Assert.Equal((400, $"Failed to load model \"{Rig.Granite}\". Error: {Message}"), (chat.Status, chat.At("error", "message")));
        Assert.Equal((2, 2, 0), (rig.Counters.LoadsStarted, rig.Counters.LoadsFailed, rig.Counters.LoadsCompleted));
    }

    [Fact]
    public async Task A_load_on_demand_evicts_a_busy_model_that_was_loaded_on_demand()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { TokensPerSecond = 1 });
        var busy = rig.StreamAsync(Chat, Ask("count to 100", """, "stream": true"""));
        await Rig.EventuallyAsync(() => rig.State.Instances.All.Any(instance => instance.State.Status == ProcessingStatus.Generating));
        await rig.PostAsync("/v1/embeddings", $$"""{"model":"{{Rig.Embedding}}","input":"hi"}""");
        var events = await busy;
        Assert.Equal(("error", "Model is unloaded."), (events[^1].Name, events[^1].Json.At("message").GetString()));
        Assert.Equal([Rig.Embedding], rig.State.Instances.Identifiers());
    }

    [Theory]
    [InlineData("https://example.com/cat.png")]
    [InlineData("data:image/webp;base64,UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")]
    [InlineData("data:image/png;base64,UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")]
    [InlineData("data:image/png;base64,***")]
    public async Task Remote_images_webp_and_nonsense_are_refused(string url)
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Chat, $$"""{"model":"{{Rig.Vision}}","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"{{url}}"} }] }] }""");
        Assert.Equal((400, """{"error":"'url' field must be a base64 encoded image."}"""), (reply.Status, reply.Text));
    }

    [Fact]
    public async Task An_unknown_model_is_400_with_an_error_object()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Chat, Ask("hi", model: "gpt-4"));
        Assert.Equal(400, reply.Status);
        Assert.Equal(
            """{"error":{"message":"Invalid model identifier \"gpt-4\". Please specify a valid downloaded model (e.g., granite-3.0-2b-instruct, qwen/qwen3-4b-2507, qwen2-1.5b-instruct).","type":"invalid_request_error","param":"model","code":"model_not_found"}}""",
            reply.Text);
    }

    [Fact]
    public async Task The_wrong_kind_of_model_is_a_string_error_that_names_the_load()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync("/v1/embeddings", $$"""{"model":"{{Rig.Granite}}","input":"hi"}""");
        Assert.Equal(400, reply.Status);
        Assert.StartsWith($"Failed to load model \"{Rig.Granite}\". Error: ", reply.At("error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_tells_a_caller_to_retry_and_no_request_id_is_sent()
    {
        await using var rig = await Rig.StartAsync();
        using var response = await rig.Client.PostAsync(Chat, new StringContent("{}"), TestContext.Current.CancellationToken);
        Assert.False(response.Headers.Contains("retry-after") || response.Headers.Contains("x-request-id"));
    }

    private static string TooLong => string.Concat(Enumerable.Repeat("word ", 5000));

    private static string Ask(string text, string more = "", string model = Rig.Granite) =>
        $$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{text}}"}]{{more}}}""";
}
