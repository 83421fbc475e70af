using System.Text.Json;
using LmGateway.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>A backend that refuses, answers nonsense or dies: a typed error in the route's own envelope, and nothing left behind.</summary>
public sealed class BackendFaultTests
{
    private static readonly Dictionary<string, Failure> Failures = new(StringComparer.Ordinal)
    {
        ["backend"] = Failure.Backend,
        ["invalid"] = Failure.Invalid,
        ["route"] = Failure.NoRoute,
        ["model"] = Failure.NoModel,
        ["rate"] = Failure.Rate,
        ["credential"] = Failure.Credential,
        ["context"] = Failure.Context,
        ["load"] = Failure.Load,
        ["memory"] = Failure.Memory,
    };

    private static readonly string[] Translated = [InferenceApi.Chat, InferenceApi.Completions, InferenceApi.Embeddings, InferenceApi.Responses, InferenceApi.Messages];

    /// <summary>Status and body as the backend sends them, and what becomes of them.</summary>
    [Theory]
    [InlineData(500, """{"error":"Internal server error"}""", "backend", "Internal server error")]
    [InlineData(500, """{"error":{"message":"boom","type":"api_error","param":null,"code":null}}""", "backend", "boom")]
    [InlineData(500, """{"error":{"code":500,"message":"Compute error.","type":"server_error"}}""", "backend", "Compute error.")]
    [InlineData(500, """{"type":"error","error":{"type":"api_error","message":"anthropic boom"}}""", "backend", "anthropic boom")]
    [InlineData(500, "", "backend", "The backend answered with status 500 and no explanation.")]
    [InlineData(502, "<html><head><title>Bad Gateway</title></head></html>", "backend", "The backend answered with an HTML page: Bad Gateway")]
    [InlineData(500, "\u0000\u0001 plain nonsense {", "backend", "plain nonsense {")]
    [InlineData(500, "{\"error\":", "backend", "{\"error\":")]
    [InlineData(400, """{"error":"'messages' is required"}""", "invalid", "'messages' is required")]
    [InlineData(400, """{"error":"Context size has been exceeded."}""", "context", "Context size has been exceeded")]
    [InlineData(400, """{"error":{"code":400,"message":"request (9 tokens) exceeds the available context size (8 tokens)","type":"exceed_context_size_error","n_ctx":8}}""", "context", "maximum context length is 8 tokens")]
    [InlineData(401, """{"error":{"message":"Malformed LM Studio API token provided","type":"invalid_request_error","code":"invalid_api_key","param":null}}""", "credential", "Malformed LM Studio API token provided")]
    [InlineData(404, """{"error":{"message":"Model \"x\" not found","type":"invalid_request_error","param":"model","code":"model_not_found"}}""", "model", "Model \"x\" not found")]
    [InlineData(404, "Not Found", "route", "Not Found")]
    [InlineData(429, """{"error":{"message":"slow down","type":"rate_limit_error","code":"rate_limit_exceeded"}}""", "rate", "slow down")]
    [InlineData(400, """{"error":"Failed to load model \"x\". Error: the engine crashed"}""", "load", "the engine crashed")]
    [InlineData(400, """{"error":"Model loading was stopped due to insufficient system resources."}""", "memory", "insufficient system resources")]
    [InlineData(200, """{"error":"Unexpected endpoint or method. (POST /v1/chat/completions)"}""", "route", "Unexpected endpoint or method")]
    [InlineData(200, """{"error":{"message":"boom"}}""", "backend", "boom")]
    public async Task A_refusal_of_any_shape_is_a_typed_error_with_the_backends_words(int status, string body, string failure, string words)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.ErrorStatus, Scope = "/v1", Status = status, Body = body });
        foreach (var path in Translated)
        {
            var api = InferenceApi.At(path);
            var (answered, reply) = await gateway.PostJsonAsync(path, api.Request());
            Assert.Contains(words, api.AssertError(Failures[failure], answered, reply));
        }

        await gateway.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData("<html><body>It works!</body></html>")]
    [InlineData("")]
    [InlineData("{\"id\":\"chatcmpl-1\",\"choices\":[")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"hello\"")]
    [InlineData("\u0000\u00ff")]
    public async Task Nonsense_with_status_200_is_a_fault_of_the_backend_streamed_or_not(string nonsense)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.Nonsense, Scope = "/v1", Body = nonsense });
        foreach (var path in Translated)
        {
            var api = InferenceApi.At(path);
            foreach (var stream in new[] { false, true })
            {
                var (status, reply) = await gateway.PostJsonAsync(path, api.Request(stream: stream));
                Assert.NotEmpty(api.AssertError(Failure.Backend, status, reply));
            }
        }

        await gateway.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData(InferenceApi.ChatV0)]
    [InlineData(InferenceApi.ChatV1)]
    public async Task LM_Studios_own_routes_hand_its_refusals_on_as_they_are(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.ErrorStatus, Scope = "/api", Status = 418, Body = """{"error":{"message":"teapot"}}""" });
        using var response = await gateway.PostAsync(path, InferenceApi.At(path).Request());
        Assert.Equal(418, (int)response.StatusCode);
        Assert.Equal("""{"error":{"message":"teapot"}}""", await response.Content.ReadAsStringAsync());
        await gateway.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Completions)]
    [InlineData(InferenceApi.Embeddings)]
    [InlineData(InferenceApi.Responses)]
    [InlineData(InferenceApi.Messages)]
    [InlineData(InferenceApi.ChatV0)]
    [InlineData(InferenceApi.ChatV1)]
    public async Task A_connection_that_is_reset_before_the_headers_is_502_and_the_request_is_not_sent_twice(string path)
    {
        var api = InferenceApi.At(path);
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync(path, api.Request());
        foreach (var stream in new[] { false, true })
        {
            gateway.Simulator.State.Counters.Reset();
            gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.ResetBeforeHeaders, Scope = path, Count = 1 });
            var (status, body) = await gateway.PostJsonAsync(path, api.Request(stream: stream));
            api.AssertError(Failure.Unreachable, status, body);
            Assert.Equal(1, gateway.Counters().Requests[$"POST {path}"]);
        }

        Assert.Equal(200, (await gateway.PostJsonAsync(path, api.Request())).Status);
        await gateway.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData("reset before anything", "", "unreachable")]
    [InlineData("not HTTP", "SSH-2.0-OpenSSH_9.6\r\n", "backend")]
    [InlineData("broken head", "HTTP/1.1 200 OK\r\nContent-Le", "unreachable")]
    [InlineData("short body", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"id\":", "unreachable")]
    [InlineData("short chunk", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"id\":", "unreachable")]
    [InlineData("no last chunk", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "unreachable")]
    [InlineData("bad chunk", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", "backend")]
    [InlineData("redirect", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "backend")]
    [InlineData("no content", "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", "backend")]
    public async Task Broken_HTTP_is_a_typed_error(string what, string reply, string failure)
    {
        Assert.NotEmpty(what);
        await using var backend = ScriptedBackend.Answering(reply);
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);
        foreach (var path in new[] { InferenceApi.Chat, InferenceApi.Messages })
        {
            var api = InferenceApi.At(path);
            foreach (var stream in new[] { false, true })
            {
                var (status, body) = await gateway.PostJsonAsync(path, api.Request(ScriptedBackend.Model, stream: stream));
                api.AssertError(failure == "backend" ? Failure.Backend : Failure.Unreachable, status, body);
            }
        }

        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_head_that_is_too_large_is_a_fault_of_the_backend()
    {
        await using var backend = ScriptedBackend.Answering($"HTTP/1.1 200 OK\r\nX-Huge: {new string('x', 256 * 1024)}\r\nContent-Length: 2\r\n\r\n{{}}");
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);
        var api = InferenceApi.At(InferenceApi.Chat);
        var (status, body) = await gateway.PostJsonAsync(api.Path, api.Request(ScriptedBackend.Model));
        api.AssertError(Failure.Backend, status, body);
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_reply_without_end_is_cut_at_the_limit()
    {
        await using var backend = ScriptedBackend.Running(async (stream, cancellationToken) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[\""u8.ToArray(), cancellationToken);
            while (true) await stream.WriteAsync(new byte[64 * 1024], cancellationToken);
        });
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address, options => options with { Limits = new LimitOptions { ReplyBytes = 1024 * 1024 } });
        var api = InferenceApi.At(InferenceApi.Chat);
        var (status, body) = await gateway.PostJsonAsync(api.Path, api.Request(ScriptedBackend.Model));
        Assert.Contains("limits.reply_bytes", api.AssertError(Failure.Backend, status, body));
        await Eventually.TrueAsync(() => backend.Open == 0, "the backend is told to stop");
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_rate_limit_says_when_to_come_back()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.ErrorStatus, Scope = InferenceApi.Chat, Status = 429, Body = """{"error":"slow down"}""" });
        using var response = await gateway.PostAsync(InferenceApi.Chat, InferenceApi.At(InferenceApi.Chat).Request());
        Assert.Equal(429, (int)response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter?.Delta);
    }

    [Fact]
    public async Task A_completion_that_came_for_a_stream_is_a_fault_told_with_its_own_status()
    {
        const string whole = """{"id":"c1","object":"chat.completion","created":1,"model":"scripted","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}""";
        await using var backend = ScriptedBackend.Answering(200, "application/json", whole);
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);
        var api = InferenceApi.At(InferenceApi.Chat);
        var (status, body) = await gateway.PostJsonAsync(api.Path, api.Request(ScriptedBackend.Model, stream: true));
        api.AssertError(Failure.Backend, status, body);
        Assert.Equal(JsonValueKind.Object, body.ValueKind);
    }

    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData("/V1/Chat/Completions")]
    public async Task A_large_reply_that_lacks_members_arrives_whole_with_them_however_its_path_is_written(string path)
    {
        var text = new string('x', 300_000);
        await using var backend = ScriptedBackend.Answering(200, "application/json", $$"""{"choices":[{"message":{"content":"{{text}}" } },{"message":{"content":"{{text}}" } }]}""");
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);
        var (status, body) = await gateway.PostJsonAsync(path, InferenceApi.At(InferenceApi.Chat).Request(ScriptedBackend.Model));
        Assert.Equal(200, status);
        Assert.Equal(text, body.GetProperty("choices")[1].GetProperty("message").GetProperty("content").GetString());
        Assert.StartsWith("chatcmpl-", body.GetProperty("id").GetString(), StringComparison.Ordinal);
        await gateway.NothingIsLeftAsync();
    }
}
