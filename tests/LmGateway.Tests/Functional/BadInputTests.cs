using System.Text;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>What is wrong in the same way on every API is answered on each of them in its own envelope.</summary>
public sealed class BadInputTests(BadInputGateway fixture) : IClassFixture<BadInputGateway>
{
    private static readonly string[] Ways = [.. WayIn.All.Select(way => way.Path)];

    public static TheoryData<string> EveryWay() => [.. Ways];

    public static TheoryData<string> EveryInferenceWay() => [.. WayIn.All.Where(way => !way.TakesSmallBodies).Select(way => way.Path)];

    public static TheoryData<string> EverySmallWay() => [.. WayIn.All.Where(way => way.TakesSmallBodies).Select(way => way.Path)];

    [Theory]
    [MemberData(nameof(EveryInferenceWay))]
    public async Task A_body_that_is_no_JSON_object_is_400(string path)
    {
        const string truncated = "The request body is not valid JSON (line 1, byte 2): Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed.";
        await RefusedAsync(path, "", 400, new ExpectedError("The request has no body. Send a JSON object."));
        await RefusedAsync(path, "{", 400, new ExpectedError(truncated));
        await RefusedAsync(path, """{"model":"m",}""", 400, new ExpectedError("The request body is not valid JSON (line 1, byte 14): The JSON object contains a trailing comma at the end which is not supported in this mode."));
        await RefusedAsync(path, "not json", 400, new ExpectedError("The request body is not valid JSON (line 1, byte 2): 'not json' is an invalid JSON literal. Expected the literal 'null'."));
        await RefusedAsync(path, "{}{}", 400, new ExpectedError("The request body is not valid JSON (line 1, byte 3): '{' is invalid after a single JSON value. Expected end of data."));
        await RefusedAsync(path, "[]", 400, new ExpectedError("The request body must be a JSON object, not an array."));
        await RefusedAsync(path, "\"text\"", 400, new ExpectedError("The request body must be a JSON object, not a string."));
        await RefusedAsync(path, "null", 400, new ExpectedError("The request body must be a JSON object, not null."));
    }

    [Theory]
    [MemberData(nameof(EveryInferenceWay))]
    public async Task A_body_that_is_not_UTF8_is_400(string path) =>
        await RefusedAsync(path, [.. "{\"model\":\""u8, 0xC3, 0x28, .. "\"}"u8], 400, new ExpectedError("The request body is not valid UTF-8."));

    [Theory]
    [MemberData(nameof(EveryInferenceWay))]
    public async Task A_body_nested_too_deep_is_400_and_a_deep_one_is_not(string path)
    {
        var way = WayIn.At(path);
        await RefusedAsync(path, Nested(way, 300), 400, new ExpectedError($"The request body is not valid JSON (line 1, byte {way.GoodBody.Length + 267}): The maximum configured depth of 256 has been exceeded. Cannot read next JSON array."));
        var reply = await fixture.PostAsync(path, Nested(way, 200));
        Assert.DoesNotContain("not valid JSON", reply.Body);
        Assert.True(reply.Status is 200 or 400, reply.Body);
    }

    [Theory]
    [MemberData(nameof(EverySmallWay))]
    public async Task A_small_body_that_is_no_JSON_object_is_400(string path)
    {
        await RefusedInDetailAsync(path, "{", "Invalid JSON", "The request body is not valid JSON (line 1, byte 2): Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed.");
        await RefusedInDetailAsync(path, """{"a":1,}""", "Invalid JSON", "The request body is not valid JSON (line 1, byte 8): The JSON object contains a trailing comma at the end which is not supported in this mode.");
        await RefusedInDetailAsync(path, "[]", "Validation failed", "the body must be a JSON object");
        await RefusedInDetailAsync(path, "null", "Validation failed", "the body must be a JSON object");
        await RefusedInDetailAsync(path, "\"text\"", "Validation failed", "the body must be a JSON object");
        await RefusedInDetailAsync(path, [.. "{\"x\":\""u8, 0xC3, 0x28, .. "\"}"u8], "Invalid JSON", "The request body is not valid UTF-8.");
        await RefusedInDetailAsync(path, $$"""{"x":{{new string('[', 100)}}{{new string(']', 100)}}}""", "Invalid JSON", "The request body is not valid JSON (line 1, byte 69): The maximum configured depth of 64 has been exceeded. Cannot read next JSON array.");
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task A_body_past_the_limit_is_413_with_or_without_a_stated_length(string path)
    {
        var error = new ExpectedError($"The request body is larger than {BadInputGateway.LargestBody} bytes. The limit is the setting limits.body_bytes.") { Code = "request_too_large", AnthropicType = "request_too_large" };
        var large = $$"""{"x":"{{new string('x', BadInputGateway.LargestBody)}}"}""";
        await RefusedAsync(path, large, 413, error);

        var chunked = GatewayUnderTest.Request(path, large);
        chunked.Headers.TransferEncodingChunked = true;
        AssertRefused(await fixture.SendAsync(chunked), path, 413, error);
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task A_body_of_another_type_is_415(string path)
    {
        var way = WayIn.At(path);
        foreach (var type in new[] { "text/plain", "application/x-www-form-urlencoded", "application/xml" })
        {
            var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(way.GoodBody, Encoding.UTF8, type) };
            AssertRefused(await fixture.SendAsync(request), path, 415, MediaType($"A body of type '{type}; charset=utf-8' is not taken. Send 'Content-Type: application/json' in UTF-8, or multipart/form-data."));
        }

        var untyped = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(way.GoodBody)) };
        AssertRefused(await fixture.SendAsync(untyped), path, 415, MediaType("The body has no content type. Send 'Content-Type: application/json' in UTF-8, or multipart/form-data."));
        var latin = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(way.GoodBody, Encoding.Latin1, "application/json") };
        AssertRefused(await fixture.SendAsync(latin), path, 415, MediaType("A body of type 'application/json; charset=iso-8859-1' is not taken. Send 'Content-Type: application/json' in UTF-8, or multipart/form-data."));
        var packed = GatewayUnderTest.Request(path, way.GoodBody);
        packed.Content!.Headers.ContentEncoding.Add("gzip");
        AssertRefused(await fixture.SendAsync(packed), path, 415, MediaType("A body with 'Content-Encoding: gzip' is not taken. Send it uncompressed."));
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task A_method_that_a_route_does_not_have_is_405_with_Allow(string path)
    {
        foreach (var method in new[] { "GET", "PUT", "PATCH", "DELETE" })
        {
            var reply = await fixture.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
            AssertRefused(reply, path, 405, new ExpectedError($"{method} is not possible on {path}; allowed: POST.") { Code = "method_not_allowed" });
            Assert.Equal(["POST"], reply.ContentHeaders.Allow);
        }
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task A_slash_at_the_end_changes_nothing(string path)
    {
        var (plain, slashed) = (await fixture.PostAsync(path, """{"model":7,"modelKey":7,"instance_id":7}"""), await fixture.PostAsync(path + "/", """{"model":7,"modelKey":7,"instance_id":7}"""));
        Assert.Equal(400, slashed.Status);
        Assert.Equal(plain.Body, slashed.Body);
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task Half_a_surrogate_pair_as_a_name_is_400_and_no_defect(string path)
    {
        var reply = await fixture.PostAsync(path, """{"model":"\ud800","modelKey":"\ud800","instance_id":"\ud800","\udfff":1,"messages":[{"role":"user","content":"hi"}],"input":"hi"}""");
        Assert.Equal(400, reply.Status);
        Assert.Contains(WayIn.At(path) switch
        {
            { TakesSmallBodies: false } => "'model' is not a valid string.",
            { Shape: EnvelopeShape.Admin } => "\"modelKey: a text of 1 to 1024 characters is expected\"",
            { Path: "/api/v1/models/load" } => "model: a text of 1 to 1024 characters is expected",
            _ => "instance_id: a text of 1 to 1024 characters is expected",
        }, reply.Body);
    }

    [Fact]
    public async Task A_path_that_nobody_has_is_404_in_the_envelope_of_its_part_of_the_service()
    {
        string Text(string path) => $"Unknown path: GET {path}. OpenAI clients use the base URL {fixture.Gateway.Address.ToString().TrimEnd('/')}/v1.";
        foreach (var path in new[] { "/nope", "/health/nope", "/models/nope/", "/chat/completions/nope", "/api/v2/models" })
        {
            var reply = await fixture.SendAsync(new HttpRequestMessage(HttpMethod.Get, path));
            Assert.Equal($$$"""404 {"error":{"message":"{{{Text(path.TrimEnd('/'))}}}","type":"invalid_request_error","param":null,"code":"unknown_url"}}""", reply.ToString());
        }

        foreach (var path in new[] { "/admin", "/admin/nope", "/ADMIN/nope", "/debug/nope" })
        {
            var reply = await fixture.SendAsync(new HttpRequestMessage(HttpMethod.Get, path));
            Assert.Equal($$"""404 {"error":"{{Text(path)}}"}""", reply.ToString());
        }
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/health")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/v1/models")]
    [InlineData("/models")]
    [InlineData("/v1/models/qwen/qwen3-4b-2507")]
    [InlineData("/v1/models/nope")]
    [InlineData("/admin/models")]
    [InlineData("/nope")]
    public async Task HEAD_answers_as_GET_does_without_a_body(string path)
    {
        var get = await fixture.SendAsync(new HttpRequestMessage(HttpMethod.Get, path));
        var head = await fixture.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
        Assert.Equal((get.Status, ""), (head.Status, head.Body));
        if (path is not ("/health" or "/nope")) Assert.Equal(get.ContentHeaders.ContentLength, head.ContentHeaders.ContentLength);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/health/live")]
    [InlineData("/")]
    [InlineData("/v1/models")]
    [InlineData("/models")]
    [InlineData("/v1/models/x")]
    [InlineData("/admin/models")]
    public async Task Writing_to_what_is_only_read_is_405(string path)
    {
        var reply = await fixture.PostAsync(path, "{}");
        Assert.Equal(405, reply.Status);
        Assert.Equal(["GET", "HEAD"], reply.ContentHeaders.Allow);
        Assert.Contains($"POST is not possible on {path}; allowed: GET, HEAD.", reply.Body);
    }

    [Fact]
    public async Task A_body_that_streams_through_has_a_limit_of_its_own()
    {
        var large = $$"""{"x":"{{new string('x', BadInputGateway.LargestStreamedBody)}}"}""";
        const string expected = """{"error":{"message":"The request body is larger than 32768 bytes. The limit is the setting limits.stream_body_bytes.","type":"invalid_request_error","param":null,"code":"request_too_large"}}""";
        var reply = await fixture.PostAsync("/v1/images/generations", large);
        Assert.Equal("413 " + expected, reply.ToString());

        var chunked = GatewayUnderTest.Request("/v1/images/generations", large);
        chunked.Headers.TransferEncodingChunked = true;
        reply = await fixture.SendAsync(chunked);
        Assert.Equal("413 " + expected, reply.ToString());
    }

    private async Task RefusedAsync(string path, string body, int status, ExpectedError error) => AssertRefused(await fixture.PostAsync(path, body), path, status, error);

    private async Task RefusedAsync(string path, byte[] body, int status, ExpectedError error) => AssertRefused(await fixture.PostAsync(path, body), path, status, error);

    private Task RefusedInDetailAsync(string path, string body, string message, string detail) => RefusedInDetailAsync(path, Encoding.UTF8.GetBytes(body), message, detail);

    private async Task RefusedInDetailAsync(string path, byte[] body, string message, string detail)
    {
        var reply = await fixture.PostAsync(path, body);
        var expected = WayIn.At(path).Shape == EnvelopeShape.Admin
            ? $$"""{"error":"{{message}}","details":["{{detail}}"]}"""
            : $$$"""{"error":{"type":"invalid_request","message":"{{{message}}}: {{{detail}}}"}}""";
        Assert.Equal("400 " + expected, reply.ToString());
    }

    private static void AssertRefused(BadReply reply, string path, int status, ExpectedError error) =>
        Assert.Equal($"{status} {WayIn.At(path).Envelope(error, BadInputGateway.RequestId)}", reply.ToString());

    private static ExpectedError MediaType(string message) => new(message) { Code = "unsupported_media_type" };

    private static string Nested(WayIn way, int depth) =>
        $"{way.GoodBody[..^1]},\"metadata\":{new string('[', depth)}{new string(']', depth)}}}";
}
