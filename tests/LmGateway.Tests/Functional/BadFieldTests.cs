using System.Text;
using System.Text.Json;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>Fields of inference requests that are missing or wrong, with the whole reply of each.</summary>
public sealed class BadFieldTests(BadInputGateway fixture) : IClassFixture<BadInputGateway>
{
    private const string Available = "Available models: granite-3.0-2b-instruct, qwen/qwen3-4b-2507, qwen2-1.5b-instruct, qwen3-vl-4b-instruct, text-embedding-nomic-embed-text-v1.5";

    public static TheoryData<string> EveryInferenceWay() => BadInputTests.EveryInferenceWay();

    [Theory]
    [InlineData("""{"model":"qwen2-1.5b-instruct"}""", "messages", "'messages' is required.")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","messages":null}""", "messages", "'messages' is required.")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","messages":"hi"}""", "messages", "'messages' must be an array.")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","messages":{}}""", "messages", "'messages' must be an array.")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","messages":[]}""", "messages", "'messages' must not be empty.")]
    [InlineData("""{"model":5,"messages":[{"role":"user","content":"hi"}]}""", "model", "'model' must be a string.")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","messages":[{"role":"user","content":"hi"}],"stream":"yes"}""", "stream", "'stream' must be true or false.")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":true}""", "stream_options", "'stream_options' must be an object.")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":1}}""", "stream_options", "'stream_options.include_usage' must be true or false.")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","messages":[{"role":"user","content":"hi"}],"tools":{}}""", "tools", "'tools' must be an array.")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","messages":[{"role":"user","content":"hi"}],"tool_choice":1}""", "tool_choice", "'tool_choice' must be a string or an object.")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","messages":[{"role":"user","content":"hi"}],"response_format":"json"}""", "response_format", "'response_format' must be an object.")]
    public async Task A_wrong_field_of_a_chat_is_400_and_named(string body, string field, string message)
    {
        foreach (var path in new[] { "/v1/chat/completions", "/chat/completions" })
            Assert.Equal($$$"""400 {"error":{"message":"{{{message}}}","type":"invalid_request_error","param":"{{{field}}}","code":null}}""", (await fixture.PostAsync(path, body)).ToString());
    }

    [Theory]
    [InlineData("""{"model":"qwen2-1.5b-instruct","max_tokens":9}""", "'messages' is required.")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","max_tokens":9,"messages":"hi"}""", "'messages' must be an array.")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","max_tokens":9,"messages":[]}""", "'messages' must not be empty.")]
    [InlineData("""{"model":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}""", "'model' must be a string.")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","max_tokens":9,"stream":1,"messages":[{"role":"user","content":"hi"}]}""", "'stream' must be true or false.")]
    public async Task A_wrong_field_of_a_message_is_400_in_Anthropics_object(string body, string message)
    {
        foreach (var path in new[] { "/v1/messages", "/v1/messages/count_tokens" })
            Assert.Equal(
                $$$"""400 {"type":"error","error":{"type":"invalid_request_error","message":"{{{message}}}"},"request_id":"{{{BadInputGateway.RequestId}}}"}""",
                (await fixture.PostAsync(path, body)).ToString());
    }

    [Theory]
    [InlineData("""{"model":"text-embedding-nomic-embed-text-v1.5"}""", "input", "'input' is required.")]
    [InlineData("""{"model":"text-embedding-nomic-embed-text-v1.5","input":""}""", "input", "'input' must not be empty.")]
    [InlineData("""{"model":"text-embedding-nomic-embed-text-v1.5","input":[]}""", "input", "'input' must not be empty.")]
    [InlineData("""{"model":"text-embedding-nomic-embed-text-v1.5","input":7}""", "input", "'input' must be a string or an array of strings.")]
    [InlineData("""{"model":"text-embedding-nomic-embed-text-v1.5","input":["one",null]}""", "input", "'input' must be a string or an array of strings.")]
    [InlineData("""{"model":"text-embedding-nomic-embed-text-v1.5","input":[1,2]}""", "input", "'input' holds token ids, which only fit OpenAI's own models. Send text: in LangChain, set check_embedding_ctx_length=False.")]
    [InlineData("""{"model":"text-embedding-nomic-embed-text-v1.5","input":"one","encoding_format":"hex"}""", "encoding_format", "'encoding_format' must be \\\"float\\\" or \\\"base64\\\".")]
    public async Task A_wrong_field_of_an_embedding_is_400_and_named(string body, string field, string message)
    {
        foreach (var path in new[] { "/v1/embeddings", "/embeddings" })
            Assert.Equal($$$"""400 {"error":{"message":"{{{message}}}","type":"invalid_request_error","param":"{{{field}}}","code":null}}""", (await fixture.PostAsync(path, body)).ToString());
    }

    [Theory]
    [MemberData(nameof(EveryInferenceWay))]
    public async Task An_unknown_model_is_404_and_the_list_is_in_the_message(string path)
    {
        if (path == "/v1/messages/count_tokens") return;
        await RefusedAsync(path, "nope", 404, new ExpectedError($"Model 'nope' is not available. {Available}")
        {
            Parameter = "model",
            AnthropicType = "not_found_error",
            NativeType = "model_not_found",
            Code = WayIn.At(path).Shape == EnvelopeShape.OpenAi ? "model_not_found" : null,
        });
    }

    [Theory]
    [MemberData(nameof(EveryInferenceWay))]
    public async Task A_name_that_fits_several_models_is_400_and_lists_them(string path)
    {
        if (path is "/v1/messages/count_tokens" || path.EndsWith("embeddings", StringComparison.Ordinal)) return;
        await RefusedAsync(path, "qwen3", 400, new ExpectedError("'qwen3' fits several models: qwen/qwen3-4b-2507, qwen3-vl-4b-instruct. Name one of them in full.")
        {
            Parameter = "model",
            Code = "model_ambiguous",
        });
    }

    [Theory]
    [MemberData(nameof(EveryInferenceWay))]
    public async Task A_model_of_the_other_kind_is_400(string path)
    {
        if (path == "/v1/messages/count_tokens") return;
        var embeds = path.EndsWith("embeddings", StringComparison.Ordinal);
        var (model, message) = embeds
            ? (GatewayUnderTest.Chat, "'qwen2-1.5b-instruct' is a language model; this request needs an embedding model.")
            : (GatewayUnderTest.Embedder, "'text-embedding-nomic-embed-text-v1.5' is an embedding model; this request needs a language model.");
        await RefusedAsync(path, model, 400, new ExpectedError(message) { Parameter = "model" });
    }

    [Theory]
    [MemberData(nameof(EveryInferenceWay))]
    [Trait("req", "S4-41")]
    public async Task No_model_named_and_none_active_is_400(string path)
    {
        if (path == "/v1/messages/count_tokens") return;
        foreach (var model in new[] { "null", "\"\"", "\"  \"" })
        {
            var body = WayIn.At(path).GoodBody.Replace("\"qwen2-1.5b-instruct\"", model).Replace($"\"{GatewayUnderTest.Embedder}\"", model);
            await RefusedBodyAsync(path, body, 400, new ExpectedError("The request names no model, and none is active. Name one in 'model', or activate one with POST /admin/models/activate.")
            {
                Parameter = "model",
                Code = "model_required",
                NativeCode = "missing_required_parameter",
            });
        }
    }

    [Theory]
    [MemberData(nameof(EveryInferenceWay))]
    public async Task Of_a_key_that_stands_twice_the_last_one_counts(string path)
    {
        var way = WayIn.At(path);
        var reply = await fixture.PostAsync(path, $$"""{"model":"nope",{{way.GoodBody[1..]}}""");
        Assert.Equal(200, reply.Status);
        if (path == "/v1/messages/count_tokens") return;
        var sent = fixture.Gateway.Simulator.State.Counters.LastRequests.Last(request => request.Path == (path.StartsWith("/v1", StringComparison.Ordinal) || path.StartsWith("/api", StringComparison.Ordinal) ? path : "/v1" + path));
        Assert.Equal(1, sent.Body.Split("\"model\"").Length - 1);
    }

    [Theory]
    [MemberData(nameof(EveryInferenceWay))]
    public async Task A_byte_order_mark_does_no_harm(string path)
    {
        var reply = await fixture.PostAsync(path, [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(WayIn.At(path).GoodBody)]);
        Assert.Equal(200, reply.Status);
    }

    [Fact]
    public async Task Tools_that_run_on_LM_Studios_machine_are_403_unless_allowed()
    {
        var reply = await fixture.PostAsync("/api/v1/chat", """{"model":"qwen2-1.5b-instruct","input":"hi","integrations":["mcp/files"]}""");
        Assert.Equal(
            """403 {"error":{"type":"invalid_request","message":"'integrations' run tools on LM Studio's machine and are switched off here. The setting passthrough.integrations allows them.","code":"forbidden","param":"integrations"}}""",
            reply.ToString());
    }

    [Theory]
    [InlineData("https://example.com/cat.png", "Images are not fetched from addresses. Send the image itself as a data URI: data:image/png;base64,…")]
    [InlineData("data:image/png;base64,AAAA", "The image's data is no PNG, JPEG, WebP or GIF.")]
    [InlineData("data:image/png;base64,!", "The image's data is not valid base64.")]
    [InlineData("data:image/png,x", "The image's data URI must be base64: data:image/png;base64,…")]
    [InlineData("data:image/webp;base64,UklGRgAAAABXRUJQ", "The image is broken: its header does not tell its size.")]
    [InlineData("cat.png", "An image must be a data URI: data:image/png;base64,…")]
    public async Task An_image_that_cannot_be_used_is_400_and_named(string url, string message)
    {
        var reply = await fixture.PostAsync("/v1/chat/completions", $$$"""{"model":"qwen2-1.5b-instruct","messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"{{{url}}}"}}]}]}""");
        Assert.Equal(400, reply.Status);
        var error = JsonElement.Parse(reply.Body).GetProperty("error");
        Assert.Equal((message, "invalid_image"), (error.GetProperty("message").GetString(), error.GetProperty("code").GetString()));
        Assert.StartsWith("messages", error.GetProperty("param").GetString());
    }

    private Task RefusedAsync(string path, string model, int status, ExpectedError error) =>
        RefusedBodyAsync(path, WayIn.At(path).GoodBody.Replace($"\"{GatewayUnderTest.Chat}\"", $"\"{model}\"").Replace($"\"{GatewayUnderTest.Embedder}\"", $"\"{model}\""), status, error);

    private async Task RefusedBodyAsync(string path, string body, int status, ExpectedError error) =>
        Assert.Equal($"{status} {WayIn.At(path).Envelope(error, BadInputGateway.RequestId)}", (await fixture.PostAsync(path, body)).ToString());
}
