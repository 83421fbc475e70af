using System.Text;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Backends.Wire;

public sealed class UpstreamErrorsTests
{
    [Theory]
    [InlineData(400, """{"error":"'messages' field is required"}""", ErrorCode.InvalidRequest, "'messages' field is required")]
    [InlineData(400, """{"error":{"message":"m","type":"invalid_request_error","param":"p","code":"c"}}""", ErrorCode.InvalidRequest, "m")]
    [InlineData(400, """{"error":{"type":"invalid_request","message":"\"model\" is required","code":"missing_required_parameter","param":"model"}}""", ErrorCode.InvalidRequest, "\"model\" is required")]
    [InlineData(200, """{"error":"Unexpected endpoint or method. (POST /v1/x)"}""", ErrorCode.RouteNotFound, "Unexpected endpoint or method. (POST /v1/x)")]
    [InlineData(200, """{"error":{"message":"Compute error."},"message":"Compute error."}""", ErrorCode.BackendFault, "Compute error.")]
    [InlineData(500, """{"error":"Failed to load model \"x\". Error: y"}""", ErrorCode.LoadFailed, "Failed to load model \"x\". Error: y")]
    [InlineData(500, """{"error":{"code":500,"message":"model name=broken failed to load","type":"server_error"}}""", ErrorCode.LoadFailed, "model name=broken failed to load")]
    [InlineData(400, """{"error":{"code":400,"message":"model is not loaded","type":"invalid_request_error"}}""", ErrorCode.ModelNotFound, "model is not loaded")]
    [InlineData(400, """{"error":"Model is unloaded."}""", ErrorCode.ModelNotFound, "Model is unloaded.")]
    [InlineData(500, """{"error":"Model unloaded or crashed"}""", ErrorCode.BackendFault, "Model unloaded or crashed")]
    [InlineData(500, """{"error":"The model has crashed without additional information. (Exit code: 6)"}""", ErrorCode.BackendFault, "The model has crashed without additional information. (Exit code: 6)")]
    [InlineData(200, "\"Channel Error\"", ErrorCode.BackendFault, "Channel Error")]
    [InlineData(400, """{"error":{"message":"No models loaded. Please load a model.","type":"invalid_request_error","param":"model","code":null}}""", ErrorCode.ModelNotFound, "No models loaded. Please load a model.")]
    [InlineData(500, """{"error":{"type":"model_load_failed","message":"Model loading was stopped due to insufficient system resources."}}""", ErrorCode.InsufficientMemory, "Model loading was stopped due to insufficient system resources.")]
    [InlineData(500, """{"error":{"type":"model_load_failed","message":"boom"}}""", ErrorCode.LoadFailed, "boom")]
    [InlineData(401, """{"error":{"type":"invalid_request","code":"invalid_api_key","message":"An LM Studio API token is required"}}""", ErrorCode.BackendUnauthorized, "An LM Studio API token is required")]
    [InlineData(200, """{"error":{"code":"invalid_api_key","message":"k"}}""", ErrorCode.BackendUnauthorized, "k")]
    [InlineData(400, """{"error":"'url' field must be a base64 encoded image."}""", ErrorCode.InvalidImage, "'url' field must be a base64 encoded image.")]
    [InlineData(400, """{"error":{"code":400,"message":"Field 'n': Value must be between 1 <= value <= 2, but got 3","type":"invalid_request_error"}}""", ErrorCode.InvalidRequest, "Field 'n': Value must be between 1 <= value <= 2, but got 3")]
    [InlineData(200, """{"error":{"code":400,"message":"bad","type":"invalid_request_error"}}""", ErrorCode.InvalidRequest, "bad")]
    [InlineData(503, """{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}""", ErrorCode.Overloaded, "Loading model")]
    [InlineData(501, """{"error":{"code":501,"message":"no","type":"not_supported_error"}}""", ErrorCode.NotSupported, "no")]
    [InlineData(500, """{"error":{"code":500,"message":"image input is not supported - hint: x","type":"server_error"}}""", ErrorCode.NotSupported, "image input is not supported - hint: x")]
    [InlineData(404, """{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}""", ErrorCode.RouteNotFound, "File Not Found")]
    [InlineData(404, """{"error":"model 'x' not found"}""", ErrorCode.ModelNotFound, "model 'x' not found")]
    [InlineData(404, """{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}""", ErrorCode.ModelNotFound, "The model `x` does not exist")]
    [InlineData(400, """{"error":"\"x\" does not support chat"}""", ErrorCode.NotSupported, "\"x\" does not support chat")]
    [InlineData(529, """{"type":"error","error":{"type":"overloaded_error","message":"busy"}}""", ErrorCode.BackendFault, "busy")]
    [InlineData(422, """{"detail":[{"loc":["body"],"msg":"field required"},{"msg":"too short"}]}""", ErrorCode.InvalidRequest, "field required; too short")]
    [InlineData(400, """{"detail":"nope"}""", ErrorCode.InvalidRequest, "nope")]
    [InlineData(500, """{"message":"plain"}""", ErrorCode.BackendFault, "plain")]
    [InlineData(200, """{"response":{"error":{"code":"server_error","message":"inner"}}}""", ErrorCode.BackendFault, "inner")]
    [InlineData(502, "<html><head><title>502 Bad Gateway</title></head></html>", ErrorCode.BackendFault, "The backend answered with an HTML page: 502 Bad Gateway")]
    [InlineData(500, "proxy error: Failed to read connection", ErrorCode.BackendFault, "proxy error: Failed to read connection")]
    [InlineData(500, "", ErrorCode.BackendFault, "The backend answered with status 500 and no explanation.")]
    [InlineData(500, "{", ErrorCode.BackendFault, "{")]
    [InlineData(500, """{"error":"\ud800"}""", ErrorCode.BackendFault, """{"error":"\ud800"}""")]
    [InlineData(403, "{}", ErrorCode.BackendUnauthorized, "{}")]
    [InlineData(405, "no", ErrorCode.MethodNotAllowed, "no")]
    [InlineData(413, "big", ErrorCode.BodyTooLarge, "big")]
    [InlineData(429, """{"error":{"message":"slow down"}}""", ErrorCode.RateLimited, "slow down")]
    [InlineData(504, "late", ErrorCode.BackendTimeout, "late")]
    public void Every_shape_is_understood(int status, string body, object code, string message)
    {
        var error = Read(status, body);
        Assert.Equal((code, message), (error.Code, error.Message));
        Assert.Equal("lmstudio", error.Backend);
    }

    [Theory]
    [InlineData("""{"error":{"code":400,"message":"request (2725 tokens) exceeds the available context size (1024 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":2725,"n_ctx":1024}}""", 1024)]
    [InlineData("""{"error":"The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 13055>= n_ctx: 4096). Try to load the model with a larger context length."}""", 4096)]
    [InlineData("""{"error":"Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)"}""", 7424)]
    [InlineData("""{"error":"Trying to keep the first 10207 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens."}""", 4096)]
    [InlineData("""{"error":{"code":500,"message":"Context size has been exceeded.","type":"server_error"}}""", null)]
    [InlineData("""{"error":{"code":500,"message":"input (702 tokens) is too large to process. increase the physical batch size (current batch size: 512)","type":"server_error"}}""", null)]
    public void Overflows_are_told_in_words_that_agents_look_for(string body, int? limit)
    {
        foreach (var status in new[] { 200, 400, 500 })
        {
            var error = Read(status, body);
            Assert.Equal(ErrorCode.ContextLengthExceeded, error.Code);
            Assert.Contains(limit is null ? "maximum context length is exceeded" : $"maximum context length is {limit} tokens", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Words_that_are_there_are_not_repeated()
    {
        const string Text = "This model's maximum context length is 8 tokens.";
        Assert.Equal(Text, Read(400, $$$"""{"error":{"message":"{{{Text}}}","code":"context_length_exceeded"}}""").Message);
    }

    [Fact]
    public void The_field_at_fault_is_kept()
    {
        Assert.Equal("p", Read(400, """{"error":{"message":"m","param":"p"}}""").Parameter);
        Assert.Equal("model", Read(404, """{"error":"model 'x' not found"}""").Parameter);
    }

    [Fact]
    public void Busy_backends_are_worth_another_try()
    {
        Assert.NotNull(Read(503, "").RetryAfter);
        Assert.NotNull(Read(429, "").RetryAfter);
        Assert.Null(Read(500, "").RetryAfter);
    }

    [Fact]
    public void Long_texts_are_cut_between_characters()
    {
        var message = Read(500, string.Concat(Enumerable.Repeat("😀", 5000))).Message;
        Assert.True(message.Length <= 2001);
        Assert.EndsWith("😀…", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rubbish_never_throws()
    {
        var random = new Random(1);
        var bytes = new byte[200];
        for (var round = 0; round < 20_000; round++)
        {
            random.NextBytes(bytes);
            if (round % 2 == 0) "{\"error\":{\"message\":"u8.CopyTo(bytes);
            Assert.NotEmpty(UpstreamErrors.Read(random.Next(200, 600), bytes).Message);
        }
    }

    private static GatewayError Read(int status, string body) => UpstreamErrors.Read(status, Encoding.UTF8.GetBytes(body), "lmstudio");
}
