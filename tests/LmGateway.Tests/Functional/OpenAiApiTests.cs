using System.Text.Json;
using LmGateway.Tests.Serving.Images;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>The OpenAI routes over the wire.</summary>
public sealed class OpenAiApiTests
{
    [Fact]
    public async Task A_chat_loads_its_model_and_answers_with_every_member_that_clients_need()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var response = await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 3"));
        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.True(response.Headers.Contains("x-request-id"));
        var body = JsonElement.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("chat.completion", body.GetProperty("object").GetString());
        Assert.Equal(JsonValueKind.Number, body.GetProperty("created").ValueKind);
        Assert.Equal("stop", body.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Contains("3", body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.True(body.GetProperty("usage").GetProperty("total_tokens").GetInt32() > 0);
        Assert.Equal(1, gateway.Simulator.State.Counters.Snapshot().LoadsCompleted);
    }

    [Fact]
    public async Task A_stream_is_events_with_a_finish_reason_no_unasked_usage_and_one_end()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var response = await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 5", "\"stream\":true"));
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-cache", response.Headers.CacheControl?.ToString());
        Assert.Null(response.Content.Headers.ContentLength);
        var events = Events(await response.Content.ReadAsStringAsync());
        Assert.Equal("[DONE]", events[^1]);
        Assert.Single(events, text => text == "[DONE]");
        var chunks = events[..^1].Select(text => JsonElement.Parse(text)).ToList();
        Assert.All(chunks, chunk => Assert.NotEqual(0, chunk.GetProperty("choices").GetArrayLength()));
        Assert.Equal("assistant", chunks[0].GetProperty("choices")[0].GetProperty("delta").GetProperty("role").GetString());
        Assert.Single(chunks, chunk => chunk.GetProperty("choices")[0].GetProperty("finish_reason").ValueKind == JsonValueKind.String);
    }

    [Fact]
    public async Task Usage_that_was_asked_for_comes_once_before_the_end()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var response = await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 5", "\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
        var events = Events(await response.Content.ReadAsStringAsync());
        var last = JsonElement.Parse(events[^2]);
        Assert.Equal(0, last.GetProperty("choices").GetArrayLength());
        Assert.True(last.GetProperty("usage").GetProperty("completion_tokens").GetInt32() > 0);
    }

    [Theory]
    [InlineData("/chat/completions", "chat.completion")]
    [InlineData("/completions", "text_completion")]
    [InlineData("/v1/v1/chat/completions", "chat.completion")]
    [InlineData("/v1/chat/completions/", "chat.completion")]
    public async Task Other_spellings_of_a_path_work_as_the_path_itself(string path, string kind)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var request = path.Contains("chat", StringComparison.Ordinal) ? GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi") : """{"model":"qwen2-1.5b-instruct","prompt":"hi"}""";
        var (status, body) = await gateway.PostJsonAsync(path, request);
        Assert.Equal(200, status);
        Assert.Equal(kind, body.GetProperty("object").GetString());
    }

    [Fact]
    public async Task The_model_list_has_what_official_clients_parse_and_the_gateways_own_fields()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary"}""");
        var (_, body) = await gateway.GetJsonAsync("/v1/models");
        Assert.Equal("list", body.GetProperty("object").GetString());
        var entries = body.GetProperty("data").EnumerateArray().ToList();
        Assert.All(entries, entry =>
        {
            Assert.Equal("model", entry.GetProperty("object").GetString());
            Assert.Equal(JsonValueKind.Number, entry.GetProperty("created").ValueKind);
            Assert.Equal(JsonValueKind.String, entry.GetProperty("owned_by").ValueKind);
        });
        Assert.Contains(entries, entry => entry.GetProperty("id").GetString() == "primary" && entry.GetProperty("state").GetString() == "loaded");
        var (_, loaded) = await gateway.GetJsonAsync("/models?state=loaded");
        Assert.Equal(["primary", GatewayUnderTest.Chat], loaded.GetProperty("data").EnumerateArray().Select(entry => entry.GetProperty("id").GetString()).Order());
    }

    [Theory]
    [InlineData("/v1/models/qwen/qwen3-4b-2507")]
    [InlineData("/v1/models/qwen%2Fqwen3-4b-2507")]
    public async Task A_model_is_shown_by_an_id_with_slashes(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, body) = await gateway.GetJsonAsync(path);
        Assert.Equal(200, status);
        Assert.Equal("qwen/qwen3-4b-2507", body.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Embeddings_come_as_numbers_or_as_base64_of_the_same_numbers()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        const string input = """{"model":"text-embedding-nomic-embed-text-v1.5","input":["one","two"]""";
        var (_, floats) = await gateway.PostJsonAsync("/v1/embeddings", input + "}");
        var (_, base64) = await gateway.PostJsonAsync("/v1/embeddings", input + ""","encoding_format":"base64"}""");
        for (var index = 0; index < 2; index++)
        {
            var numbers = floats.GetProperty("data")[index].GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()).ToArray();
            var bytes = base64.GetProperty("data")[index].GetProperty("embedding").GetBytesFromBase64();
            Assert.Equal(numbers, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray());
        }
    }

    [Fact]
    public async Task Json_mode_and_a_named_tool_work_although_LM_Studio_refuses_their_form()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, _) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi", """ "response_format":{"type":"json_object"} """));
        Assert.Equal(200, status);
        var (tools, body) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi", """
            "tools":[{"type":"function","function":{"name":"add","parameters":{"type":"object","properties":{"a":{"type":"number"}}}}},{"type":"function","function":{"name":"sub"}}],
            "tool_choice":{"type":"function","function":{"name":"add"}}
            """));
        Assert.Equal(200, tools);
        Assert.Equal("tool_calls", body.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal("add", body.GetProperty("choices")[0].GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function").GetProperty("name").GetString());
    }

    [Fact]
    public async Task Responses_and_messages_answer_in_their_own_form_streamed_too()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (_, response) = await gateway.PostJsonAsync("/v1/responses", """{"model":"qwen2-1.5b-instruct","input":"count to 3"}""");
        Assert.Equal("completed", response.GetProperty("status").GetString());
        var (_, message) = await gateway.PostJsonAsync("/v1/messages?beta=true", """{"model":"qwen2-1.5b-instruct","max_tokens":50,"messages":[{"role":"user","content":"count to 3"}]}""");
        Assert.Equal("message", message.GetProperty("type").GetString());
        using var responses = await gateway.PostAsync("/v1/responses", """{"model":"qwen2-1.5b-instruct","input":"count to 3","stream":true}""");
        Assert.Contains("event: response.completed", await responses.Content.ReadAsStringAsync());
        using var messages = await gateway.PostAsync("/v1/messages", """{"model":"qwen2-1.5b-instruct","max_tokens":50,"stream":true,"messages":[{"role":"user","content":"count to 3"}]}""");
        Assert.Contains("event: message_stop", await messages.Content.ReadAsStringAsync());
        var (_, count) = await gateway.PostJsonAsync("/v1/messages/count_tokens?beta=true", """{"model":"qwen2-1.5b-instruct","messages":[{"role":"user","content":"count to 3"}]}""");
        Assert.True(count.GetProperty("input_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task A_path_that_LM_Studio_does_not_have_gives_its_own_words_as_a_real_error()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, body) = await gateway.PostJsonAsync("/images/generations", """{"prompt":"a cat"}""");
        Assert.Equal(404, status);
        Assert.Equal("Unexpected endpoint or method. (POST /v1/images/generations)", body.GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_unique_part_of_a_key_names_the_model_and_an_ambiguous_one_lists_the_candidates()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody("GRANITE", "hi"));
        Assert.Equal(200, status);
        Assert.Equal(GatewayUnderTest.Other, body.GetProperty("model").GetString());
        (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody("qwen", "hi"));
        Assert.Equal(400, status);
        Assert.Equal("model_ambiguous", body.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("qwen/qwen3-4b-2507", body.GetProperty("error").GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("{\"url\":\"data:image/webp;base64,$\"}")]
    [InlineData("\"data:image\\/webp;base64,$\"")]
    public async Task A_WebP_image_reaches_LM_Studio_as_PNG(string address)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        const string body = """{"model":"qwen3-vl-4b-instruct","messages":[{"role":"user","content":[{"type":"text","text":"Look"},{"type":"image_url","image_url":#}]}],"temperature":0.5}""";

        var (status, answer) = await gateway.PostJsonAsync("/v1/chat/completions", body.Replace("#", address.Replace("$", Convert.ToBase64String(TestImages.WebP))));

        Assert.Equal(200, status);
        Assert.StartsWith("I see 1 image (image/png", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        var sent = JsonElement.Parse(gateway.Simulator.State.Counters.LastRequests.Last(request => request.Path == "/v1/chat/completions").Body);
        Assert.Equal(0.5, sent.GetProperty("temperature").GetDouble());
        Assert.StartsWith("data:image/png;base64,", sent.GetProperty("messages")[0].GetProperty("content")[1].GetProperty("image_url").GetProperty("url").GetString());
    }

    [Fact]
    public async Task An_image_of_too_many_pixels_and_a_broken_WebP_are_refused_by_name()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        foreach (var (image, words) in new[] { (TestImages.Png(9000, 9000), "9000 x 9000 pixels"), (TestImages.Jpeg(9000, 9000), "9000 x 9000 pixels"), (TestImages.ExtendedWebP(8, 6), "cannot be decoded") })
        {
            var (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", $$$"""{"model":"qwen3-vl-4b-instruct","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,{{{Convert.ToBase64String(image)}}}"}}]}]}""");
            Assert.Equal(400, status);
            Assert.Equal(("invalid_image", "messages[0].content[0].image_url"), (body.GetProperty("error").GetProperty("code").GetString(), body.GetProperty("error").GetProperty("param").GetString()));
            Assert.Contains(words, body.GetProperty("error").GetProperty("message").GetString());
        }
    }

    [Fact]
    public async Task The_callers_request_id_is_kept_and_a_bad_one_replaced()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var kept = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        kept.Headers.Add("x-request-id", "mine-1");
        using var answer = await gateway.Http.SendAsync(kept);
        Assert.Equal("mine-1", answer.Headers.GetValues("x-request-id").Single());
    }

    private static List<string> Events(string stream) =>
        [.. stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(text => text.StartsWith("data: ", StringComparison.Ordinal)).Select(text => text["data: ".Length..])];
}
