using System.Text;
using System.Text.Json;
using LmGateway.Api.Admin;
using LmGateway.Api.Http;
using LmGateway.Api.LmStudio;
using LmGateway.Api.Mcp.Http;
using LmGateway.Api.Mcp.Tools;
using LmGateway.Api.OpenAi;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace LmGateway.Tests.Api;

/// <summary>Every error code in every API: its status, its names and its shape. The table is the contract; a code without a row fails.</summary>
public sealed class ErrorEnvelopeTests
{
    private sealed record Row(string OpenAi, string Anthropic, string Native, int Admin)
    {
        public string? Headers { get; init; }
    }

    private static readonly Dictionary<ErrorCode, Row> Table = new()
    {
        [ErrorCode.InvalidRequest] = new("400 invalid_request_error -", "400 invalid_request_error", "400 invalid_request -", 400),
        [ErrorCode.InvalidExtension] = new("400 invalid_request_error invalid_extension", "400 invalid_request_error", "400 invalid_request -", 400),
        [ErrorCode.InvalidImage] = new("400 invalid_request_error invalid_image", "400 invalid_request_error", "400 invalid_request invalid_image", 400),
        [ErrorCode.ModelRequired] = new("400 invalid_request_error model_required", "400 invalid_request_error", "400 invalid_request missing_required_parameter", 400),
        [ErrorCode.ModelNotFound] = new("404 invalid_request_error model_not_found", "404 not_found_error", "404 model_not_found -", 404),
        [ErrorCode.ModelAmbiguous] = new("400 invalid_request_error model_ambiguous", "400 invalid_request_error", "400 invalid_request model_ambiguous", 400),
        [ErrorCode.ModelNotAllowed] = new("400 invalid_request_error model_not_found", "400 invalid_request_error", "403 invalid_request forbidden", 403),
        [ErrorCode.ContextLengthExceeded] = new("400 invalid_request_error context_length_exceeded", "400 invalid_request_error", "400 invalid_request context_length_exceeded", 400),
        [ErrorCode.Unauthorized] = new("401 invalid_request_error invalid_api_key", "401 authentication_error", "401 invalid_request invalid_api_key", 401) { Headers = "WWW-Authenticate: Bearer" },
        [ErrorCode.Forbidden] = new("403 permission_error forbidden", "403 permission_error", "403 invalid_request forbidden", 403),
        [ErrorCode.RouteNotFound] = new("404 invalid_request_error unknown_url", "404 not_found_error", "404 invalid_request unknown_url", 404),
        [ErrorCode.MethodNotAllowed] = new("405 invalid_request_error method_not_allowed", "405 invalid_request_error", "405 invalid_request method_not_allowed", 405),
        [ErrorCode.BodyTooLarge] = new("413 invalid_request_error request_too_large", "413 request_too_large", "413 invalid_request request_too_large", 413),
        [ErrorCode.UnsupportedMediaType] = new("415 invalid_request_error unsupported_media_type", "415 invalid_request_error", "415 invalid_request unsupported_media_type", 415),
        [ErrorCode.HeadersTooLarge] = new("431 invalid_request_error headers_too_large", "431 invalid_request_error", "431 invalid_request headers_too_large", 431),
        [ErrorCode.RequestTooSlow] = new("408 invalid_request_error request_timeout", "408 invalid_request_error", "408 invalid_request request_timeout", 408),
        [ErrorCode.RateLimited] = new("429 rate_limit_error rate_limit_exceeded", "429 rate_limit_error", "429 invalid_request rate_limit_exceeded", 429),
        [ErrorCode.IdentifierTaken] = new("409 invalid_request_error identifier_taken", "409 invalid_request_error", "409 invalid_request conflict", 409),
        [ErrorCode.InstanceAmbiguous] = new("409 invalid_request_error instance_ambiguous", "409 invalid_request_error", "409 invalid_request conflict", 409),
        [ErrorCode.InstanceInUse] = new("409 invalid_request_error instance_in_use", "409 invalid_request_error", "409 invalid_request conflict", 409),
        [ErrorCode.QueueFull] = new("503 server_error queue_full", "503 overloaded_error", "503 internal_error queue_full", 503),
        [ErrorCode.Draining] = new("503 server_error draining", "503 overloaded_error", "503 internal_error draining", 503),
        [ErrorCode.Overloaded] = new("503 server_error overloaded", "503 overloaded_error", "503 internal_error overloaded", 503),
        [ErrorCode.BackendUnreachable] = new("502 api_error provider_connection_failed", "502 api_error", "502 internal_error backend_unreachable", 503),
        [ErrorCode.ControlUnavailable] = new("503 api_error control_unavailable", "503 overloaded_error", "503 internal_error control_unavailable", 503),
        [ErrorCode.BackendTimeout] = new("504 timeout_error provider_timeout", "504 api_error", "504 internal_error timeout", 504),
        [ErrorCode.BackendFault] = new("500 api_error provider_error", "500 api_error", "500 internal_error -", 500),
        [ErrorCode.BackendUnauthorized] = new("401 authentication_error invalid_api_key", "401 authentication_error", "401 invalid_request invalid_api_key", 500),
        [ErrorCode.LoadFailed] = new("500 api_error model_load_failed", "500 api_error", "500 model_load_failed -", 500) { Headers = "x-should-retry: false" },
        [ErrorCode.InsufficientMemory] = new("500 api_error insufficient_memory", "500 api_error", "500 model_load_failed -", 500) { Headers = "x-should-retry: false" },
        [ErrorCode.NotSupported] = new("400 invalid_request_error unsupported", "400 invalid_request_error", "400 invalid_request -", 400),
        [ErrorCode.JobNotFound] = new("404 invalid_request_error job_not_found", "404 not_found_error", "404 job_not_found -", 404),
        [ErrorCode.TransferFailed] = new("500 api_error transfer_failed", "500 api_error", "500 internal_error -", 500),
        [ErrorCode.ObjectNotFound] = new("404 invalid_request_error object_not_found", "404 not_found_error", "404 model_not_found -", 404),
        [ErrorCode.RepositoryUnavailable] = new("503 api_error repository_unavailable", "503 overloaded_error", "503 internal_error repository_unavailable", 503),
        [ErrorCode.DiskFull] = new("507 server_error disk_full", "507 api_error", "507 internal_error disk_full", 507),
        [ErrorCode.Cancelled] = new("499 api_error cancelled", "499 invalid_request_error", "499 internal_error cancelled", 499),
        [ErrorCode.Internal] = new("500 api_error internal_error", "500 api_error", "500 internal_error -", 500) { Headers = "x-should-retry: false" },
    };

    public static TheoryData<string> Codes() => [.. Enum.GetNames<ErrorCode>()];

    [Fact]
    public void The_table_has_a_row_for_every_code() => Assert.Equal(Enum.GetValues<ErrorCode>(), Table.Keys.Order());

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task OpenAI_has_an_object_with_message_type_param_and_code(string name)
    {
        var (error, row) = Given(name);
        var (status, body) = await WriteAsync(OpenAiErrors.WriteAsync, error, row);
        var inner = Assert.Single(body.EnumerateObject(), member => member.Name == "error").Value;
        Assert.Equal(["message", "type", "param", "code"], Names(inner));
        Assert.Equal((error.Message, "a.field"), (inner.GetProperty("message").GetString(), inner.GetProperty("param").GetString()));
        Assert.Equal(row.OpenAi, $"{status} {inner.GetProperty("type").GetString()} {inner.GetProperty("code").GetString() ?? "-"}");
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task MCP_has_an_error_of_JSON_RPC_and_its_tools_a_text_that_says_what_to_do(string name)
    {
        var (error, row) = Given(name);
        var (status, body) = await WriteAsync(McpErrors.WriteAsync, error, row);
        Assert.Equal(["jsonrpc", "id", "error"], Names(body));
        Assert.Equal(error.Message, body.GetProperty("error").GetProperty("message").GetString());
        Assert.True(body.GetProperty("error").GetProperty("code").GetInt32() is -32600 or -32603);
        Assert.InRange(status, 400, 503);
        Assert.StartsWith(error.Message, ToolErrors.Text(error), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task Anthropic_has_an_error_of_a_type_and_the_request_id(string name)
    {
        var (error, row) = Given(name);
        var (status, body) = await WriteAsync(AnthropicErrors.WriteAsync, error, row);
        Assert.Equal(["type", "error", "request_id"], Names(body));
        Assert.Equal(("error", "the-id"), (body.GetProperty("type").GetString(), body.GetProperty("request_id").GetString()));
        var inner = body.GetProperty("error");
        Assert.Equal(["type", "message"], Names(inner));
        Assert.Equal(row.Anthropic, $"{status} {inner.GetProperty("type").GetString()}");
        Assert.Equal(error.Code == ErrorCode.ContextLengthExceeded ? $"prompt is too long: {error.Message}" : error.Message, inner.GetProperty("message").GetString());
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task LM_Studio_has_an_object_with_type_and_message_first(string name)
    {
        var (error, row) = Given(name);
        var (status, body) = await WriteAsync(NativeErrors.WriteAsync, error, row);
        var inner = Assert.Single(body.EnumerateObject(), member => member.Name == "error").Value;
        var code = inner.TryGetProperty("code", out var given) ? given.GetString() : "-";
        Assert.Equal(code == "-" ? ["type", "message", "param"] : ["type", "message", "code", "param"], Names(inner));
        Assert.Equal(row.Native, $"{status} {inner.GetProperty("type").GetString()} {code}");
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task Admin_has_a_text_and_the_details(string name)
    {
        var (error, row) = Given(name);
        var (status, body) = await WriteAsync(AdminErrors.WriteAsync, error, row);
        Assert.Equal((row.Admin, $$"""{"error":"{{error.Message}}"}"""), (status, body.GetRawText()));
        (_, body) = await WriteAsync(AdminErrors.WriteAsync, error with { Details = ["one", "two"] }, row);
        Assert.Equal($$"""{"error":"{{error.Message}}","details":["one","two"]}""", body.GetRawText());
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task No_two_APIs_share_an_envelope(string name)
    {
        var (error, row) = Given(name);
        ErrorWriter[] writers = [OpenAiErrors.WriteAsync, AnthropicErrors.WriteAsync, NativeErrors.WriteAsync, AdminErrors.WriteAsync];
        var bodies = new List<string>();
        foreach (var writer in writers) bodies.Add((await WriteAsync(writer, error, row)).Body.GetRawText());
        Assert.Equal(bodies.Count, bodies.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void A_stream_that_failed_ends_with_an_event_in_the_words_of_its_dialect(string name)
    {
        var (error, _) = Given(name);
        foreach (var route in InferenceRoute.All)
        {
            var json = Assert.Single(DataOf(route.FailureEvent(error, 3, "the-id"), named: route.Dialect is not (Dialect.OpenAiChat or Dialect.OpenAiCompletions or Dialect.OpenAiEmbeddings)));
            var type = OpenAiErrors.Describe(error.Code).Type;
            if (route.IsAnthropic) Assert.Equal(("error", error.Message), (json.GetProperty("type").GetString(), json.GetProperty("error").GetProperty("message").GetString()?.Replace("prompt is too long: ", "")));
            else if (json.TryGetProperty("error", out var inner)) Assert.Equal((error.Message, type), (inner.GetProperty("message").GetString(), inner.GetProperty("type").GetString()));
            else Assert.Equal(("error", error.Message), (json.GetProperty("type").GetString(), json.GetProperty("message").GetString()));
        }

        var native = Assert.Single(DataOf(NativeErrors.FailureEvent(error), named: true));
        Assert.Equal(("error", error.Message), (native.GetProperty("type").GetString(), native.GetProperty("error").GetProperty("message").GetString()));
    }

    private static (GatewayError Error, Row Row) Given(string name)
    {
        var code = Enum.Parse<ErrorCode>(name);
        return (new GatewayError(code, $"The words for {name}.") { Parameter = "a.field", RetryAfter = TimeSpan.FromSeconds(2.5) }, Table[code]);
    }

    private static async Task<(int Status, JsonElement Body)> WriteAsync(ErrorWriter writer, GatewayError error, Row row)
    {
        var context = new DefaultHttpContext { TraceIdentifier = "the-id" };
        using var written = new MemoryStream();
        context.Response.Body = written;
        await writer(context, error);
        var headers = context.Response.Headers;
        Assert.Equal(("application/json; charset=utf-8", written.Length, "3"), (headers.ContentType.ToString(), headers.ContentLength, headers.RetryAfter.ToString()));
        string[] described = [.. new[] { "x-should-retry", "WWW-Authenticate" }.Where(headers.ContainsKey).Select(header => $"{header}: {headers[header]}")];
        Assert.Equal(row.Headers is { } expected ? [expected] : [], described);
        return (context.Response.StatusCode, JsonElement.Parse(written.ToArray()));
    }

    private static IEnumerable<JsonElement> DataOf(byte[] stream, bool named)
    {
        var text = Encoding.UTF8.GetString(stream);
        Assert.StartsWith(named ? "event: error\ndata: " : "data: ", text);
        Assert.EndsWith("\n\n", text);
        return text.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => JsonElement.Parse(line["data: ".Length..]));
    }

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(member => member.Name);
}
