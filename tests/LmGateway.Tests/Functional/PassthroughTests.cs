using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using LmGateway.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>What the gateway does not understand goes through it as it is, but for credentials and what belongs to one connection.</summary>
public sealed class PassthroughTests
{
    private const string Token = "sk-lm-abcdefgh:ABCDEFGHIJKLMNOPQRST";

    [Theory]
    [InlineData("/api/v0/models")]
    [InlineData("/api/v0/models/qwen2-1.5b-instruct")]
    [InlineData("/api/v1/models")]
    [InlineData("/api/v1/no/such/route?with=query")]
    public async Task Native_replies_come_byte_for_byte(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var straight = new HttpClient { BaseAddress = gateway.Simulator.Address };
        using var expected = await straight.GetAsync(path);
        using var actual = await gateway.Http.GetAsync(path);
        Assert.Equal(expected.StatusCode, actual.StatusCode);
        Assert.Equal(expected.Content.Headers.ContentType, actual.Content.Headers.ContentType);
        Assert.Equal(await expected.Content.ReadAsStringAsync(), await actual.Content.ReadAsStringAsync());
        await gateway.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData("POST", "/v1/audio/transcriptions?language=de&x=%2Fa%20b&empty=", "/v1/audio/transcriptions?language=de&x=%2Fa%20b&empty=")]
    [InlineData("POST", "/audio/translations?a=1&a=2", "/v1/audio/translations?a=1&a=2")]
    [InlineData("POST", "/images/generations?q", "/v1/images/generations?q")]
    [InlineData("DELETE", "/v1/responses/resp_1?force=true", "/v1/responses/resp_1?force=true")]
    [InlineData("GET", "/api/v1/models/download/status/job%3A1?x=y", "/api/v1/models/download/status/job:1?x=y")]
    public async Task Method_path_and_query_are_kept(string method, string path, string expected)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Simulator.State.Counters.Reset();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method == "POST") request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        using var response = await gateway.Http.SendAsync(request);
        Assert.Contains(gateway.Simulator.State.Counters.LastRequests, seen => (seen.Method, seen.Path) == (method, expected));
    }

    [Fact]
    public async Task A_multipart_body_arrives_byte_for_byte_with_its_boundary()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var audio = new byte[300_000];
        new Random(1).NextBytes(audio);
        using var form = new MultipartFormDataContent("a strange'boundary")
        {
            { new ByteArrayContent(audio), "file", "speech.wav" },
            { new StringContent("whisper-1"), "model" },
        };
        var bytes = await form.ReadAsByteArrayAsync();
        using var response = await gateway.Http.PostAsync("/v1/audio/transcriptions?beta=1", form);
        var seen = gateway.Simulator.State.Counters.LastRequests.Last(request => request.Path.StartsWith("/v1/audio", StringComparison.Ordinal));
        Assert.Equal(bytes, seen.Content.ToArray());
        Assert.Equal(form.Headers.ContentType!.ToString(), seen.Headers["Content-Type"]);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        await gateway.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_streams_through_is_cut_off_at_its_limit(bool lengthIsSaid)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Limits = new LimitOptions { StreamBodyBytes = 100_000 } });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/audio/transcriptions") { Content = new ByteArrayContent(new byte[200_000]) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");
        if (!lengthIsSaid) request.Headers.TransferEncodingChunked = true;
        using var response = await gateway.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("limits.stream_body_bytes", await response.Content.ReadAsStringAsync());
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task An_upload_that_its_caller_breaks_off_leaves_nothing()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using (var caller = new TcpClient())
        {
            await caller.ConnectAsync(IPAddress.Loopback, gateway.Address.Port);
            var head = $"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: {gateway.Address.Authority}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 10000000\r\n\r\n";
            await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
            await caller.GetStream().WriteAsync(new byte[200_000]);
            await Eventually.TrueAsync(() => gateway.Counters().OpenRequests > 0, "it arrives in the backend");
            caller.Client.LingerState = new LingerOption(enable: true, 0);
        }

        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Embeddings_never_stream_whatever_they_are_asked()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, body) = await gateway.PostJsonAsync(InferenceApi.Embeddings, $$"""{"model":"{{GatewayUnderTest.Embedder}}","input":"x","stream":true}""");
        Assert.Equal((200, "list"), (status, body.GetProperty("object").GetString()));
    }

    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Embeddings)]
    [InlineData(InferenceApi.Messages)]
    [InlineData(InferenceApi.ChatV0)]
    [InlineData("/v1/audio/speech")]
    [InlineData("/api/v1/anything/else")]
    public async Task Callers_credentials_go_nowhere_and_the_backends_own_goes_with_every_request(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulated => simulated with { ApiToken = Token }, options => options with { LmStudio = options.LmStudio with { ApiToken = Token } });
        var inference = path is not ("/v1/audio/speech" or "/api/v1/anything/else");
        using var request = GatewayUnderTest.Request(path, inference ? InferenceApi.At(path).Request() : "{}");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer caller-secret-1");
        foreach (var (name, value) in Secrets) request.Headers.TryAddWithoutValidation(name, value);
        request.Headers.TryAddWithoutValidation("X-Custom", "kept");
        request.Headers.TryAddWithoutValidation("x-request-id", "mine-7");
        using var response = await gateway.Http.SendAsync(request);
        if (inference) Assert.Equal(200, (int)response.StatusCode);
        var seen = gateway.Simulator.State.Counters.LastRequests.Last(each => each.Path == path);
        Assert.Equal($"Bearer {Token}", seen.Headers["Authorization"]);
        Assert.Equal(("kept", "mine-7"), (seen.Headers["X-Custom"], seen.Headers["x-request-id"]));
        foreach (var (name, _) in Secrets) Assert.False(seen.Headers.ContainsKey(name), name);
        Assert.All(gateway.Simulator.State.Counters.LastRequests, each => Assert.DoesNotContain("caller-secret", string.Join(' ', each.Headers.Values)));
    }

    [Theory]
    [InlineData(true, null, "Bearer caller-secret-1")]
    [InlineData(true, "gateway-key", null)]
    [InlineData(false, null, null)]
    public async Task A_callers_bearer_is_sent_on_where_that_is_asked_for_and_the_gateway_has_no_key(bool wanted, string? key, string? expected)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with
        {
            Passthrough = new PassthroughOptions { Authorization = wanted },
            Security = new SecurityOptions { ApiKey = key },
        });
        using var request = GatewayUnderTest.Request(InferenceApi.Chat, InferenceApi.At(InferenceApi.Chat).Request());
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer caller-secret-1");
        if (key is not null) request.Headers.TryAddWithoutValidation("X-API-Key", key);
        using var response = await gateway.Http.SendAsync(request);
        Assert.Equal(200, (int)response.StatusCode);
        var seen = gateway.Simulator.State.Counters.LastRequests.Last(each => each.Path == InferenceApi.Chat);
        Assert.Equal(expected, seen.Headers.GetValueOrDefault("Authorization"));
    }

    [Fact]
    public async Task A_wrong_token_of_the_gateway_is_told_in_the_routes_envelope_with_the_setting()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { ApiToken = Token });
        foreach (var path in new[] { InferenceApi.Chat, InferenceApi.Messages })
        {
            using var response = await gateway.PostAsync(path, InferenceApi.At(path).Request());
            Assert.True((int)response.StatusCode is 401 or 502, await response.Content.ReadAsStringAsync());
            Assert.DoesNotContain(Token, await response.Content.ReadAsStringAsync());
        }

        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_stream_of_an_unknown_route_comes_event_by_event_and_ends_with_its_caller()
    {
        await using var backend = ScriptedBackend.Running(async (stream, cancellationToken) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-From: backend\r\nSet-Cookie: a=b\r\n\r\ndata: one\n\n"u8.ToArray(), cancellationToken);
            await ScriptedBackend.UntilClosedAsync(stream, cancellationToken);
        });
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);
        using (var response = await gateway.PostAsync("/v1/realtime/things", "{}"))
        using (var reader = new StreamReader(await response.Content.ReadAsStreamAsync()))
        {
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.ToString());
            Assert.Equal("backend", response.Headers.GetValues("X-From").Single());
            Assert.False(response.Headers.Contains("Set-Cookie"));
            Assert.Equal("data: one", await reader.ReadLineAsync());
        }

        await Eventually.TrueAsync(() => backend.Open == 0, "the backend is told to stop");
    }

    [Fact]
    public async Task A_reply_of_an_unknown_route_that_breaks_off_is_seen_to_break_off()
    {
        await using var backend = ScriptedBackend.Answering("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);
        await Assert.ThrowsAnyAsync<HttpRequestException>(async () => await gateway.Http.PostAsync("/v1/files", new StringContent("{}", Encoding.UTF8, "application/json")));
    }

    [Fact]
    public async Task LM_Studios_own_load_and_unload_go_through_the_scheduler_and_answer_in_its_shape()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, body) = await gateway.PostJsonAsync("/api/v1/models/load", """{"model":"qwen2-1.5b-instruct","context_length":4096,"echo_load_config":true}""");
        Assert.Equal(200, status);
        Assert.Equal(["type", "instance_id", "load_time_seconds", "status", "load_config"], body.EnumerateObject().Select(property => property.Name));
        Assert.Contains(gateway.Scheduling().Instances, instance => instance.Id.Identifier == GatewayUnderTest.Chat && !instance.OnDemand);
        (status, body) = await gateway.PostJsonAsync("/api/v1/models/unload", """{"instance_id":"qwen2-1.5b-instruct"}""");
        Assert.Equal((200, """{"instance_id":"qwen2-1.5b-instruct"}"""), (status, body.GetRawText()));
        (status, body) = await gateway.PostJsonAsync("/api/v1/models/load", """{"model":"no-such-model"}""");
        InferenceApi.At(InferenceApi.ChatV1).AssertError(Failure.NoModel, status, body);
    }

    private static readonly (string Name, string Value)[] Secrets =
    [
        ("X-API-Key", "caller-secret-2"), ("api-key", "caller-secret-3"), ("Cookie", "session=caller-secret-4"),
        ("X-Conversation-Id", "caller-secret-5"), ("Proxy-Authorization", "caller-secret-6"), ("X-Forwarded-For", "10.0.0.1"),
    ];
}
