using System.Text.Json;
using LmGateway.Configuration;
using LmGateway.Serving;
using LmGateway.Tests.Functional.Nats;
using LmStudio.Simulator.Engine;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional.Limits;

/// <summary>More requests than there is room for are refused at once in the words of their route, and leave nothing behind.</summary>
public sealed class ConcurrencyTests
{
    private const string Never = "count to 999999";

    public static TheoryData<string> EveryWayToAModel() => QueueFullTests.EveryWayToAModel();

    [Theory]
    [MemberData(nameof(EveryWayToAModel))]
    public async Task Past_the_limit_of_requests_another_is_503_with_Retry_After(string path)
    {
        var way = WayIn.At(path);
        await using var gateway = await StartAsync(limits => limits with { Requests = 1 });
        using var leave = new CancellationTokenSource();
        using var first = await RunAsync(gateway, leave.Token);

        using var request = GatewayUnderTest.Request(path, way.GoodBody);
        request.Headers.Add("x-request-id", BadInputGateway.RequestId);
        using var refused = await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var error = new ExpectedError("1 requests are under way already. Try again shortly. The limit is the setting limits.requests.") { Code = "overloaded", OpenAiType = "server_error", AnthropicType = "overloaded_error", NativeType = "internal_error" };
        Assert.Equal($"503 {way.Envelope(error, BadInputGateway.RequestId)}", $"{(int)refused.StatusCode} {await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        Assert.Equal("1", refused.Headers.RetryAfter?.ToString());

        await leave.CancelAsync();
        first.Dispose();
        await LeftAsync(gateway);
        Assert.Equal(200, (await gateway.PostJsonAsync(path, way.GoodBody)).Status);
    }

    [Theory]
    [InlineData("/v1/audio/transcriptions")]
    [InlineData("/api/v1/no/such/route")]
    public async Task What_is_only_handed_on_needs_a_place_too(string path)
    {
        await using var gateway = await StartAsync(limits => limits with { Requests = 1 });
        using var leave = new CancellationTokenSource();
        using var first = await RunAsync(gateway, leave.Token);
        using var refused = await gateway.PostAsync(path, "{}", TestContext.Current.CancellationToken);
        Assert.Equal((503, "1"), ((int)refused.StatusCode, refused.Headers.RetryAfter?.ToString()));

        await leave.CancelAsync();
        first.Dispose();
        await LeftAsync(gateway);
        using var later = await gateway.PostAsync(path, "{}", TestContext.Current.CancellationToken);
        Assert.NotEqual(503, (int)later.StatusCode);
        await LeftAsync(gateway);
    }

    [Fact]
    public async Task Streams_have_a_limit_of_their_own_on_the_REST_routes_too()
    {
        await using var gateway = await StartAsync(limits => limits with { Streams = 1 });
        using var leave = new CancellationTokenSource();
        using var first = await RunAsync(gateway, leave.Token);

        var (status, body) = await gateway.PostJsonAsync("/chat/stream", """{"model_key":"qwen2-1.5b-instruct","messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal((503, "Chat service unavailable: 1 streams are under way already. Try again shortly. The limit is the setting limits.streams."), (status, body.GetProperty("detail").GetString()));
        Assert.Equal(200, (await gateway.PostJsonAsync(InferenceApi.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 2"))).Status);

        await leave.CancelAsync();
        first.Dispose();
        await LeftAsync(gateway);
    }

    [Fact]
    public async Task One_callers_limit_is_429_and_leaves_the_others_alone()
    {
        await using var gateway = await StartAsync(limits => limits with { CallerRequests = 1 }, options => options with { Security = new SecurityOptions { TrustedProxies = ["127.0.0.1"] } });
        using var leave = new CancellationTokenSource();
        using var first = await RunAsync(gateway, leave.Token);

        using var refused = await SendAsync(gateway, "127.0.0.1");
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.Equal("1", refused.Headers.RetryAfter?.ToString());
        var error = JsonElement.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("error");
        Assert.Equal(("rate_limit_exceeded", "1 requests of '127.0.0.1' are under way already. Try again shortly. The limit is the setting limits.caller_requests."), (error.GetProperty("code").GetString(), error.GetProperty("message").GetString()));
        using var other = await SendAsync(gateway, "192.0.2.9");
        Assert.Equal(200, (int)other.StatusCode);

        var told = (await gateway.GetJsonAsync("/debug/metrics")).Body.GetProperty("refusals");
        Assert.Equal(1, told.GetProperty("limits.caller_requests").GetInt32());
        Assert.Contains("lmgateway_refusals_total{reason=\"limits.caller_requests\"} 1", await gateway.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await leave.CancelAsync();
        first.Dispose();
        await LeftAsync(gateway);
    }

    [Fact]
    public async Task The_same_limits_hold_on_NATS()
    {
        await using var nats = await NatsUnderTest.StartAsync(Slow, options => options with { Limits = options.Limits with { Requests = 1 } });
        using var leave = new CancellationTokenSource();
        using var first = await RunAsync(nats.Gateway, leave.Token);
        var reply = await nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "Hi"));
        var (text, data) = reply.Failure("overloaded");
        Assert.Contains("limits.requests", text, StringComparison.Ordinal);
        Assert.Equal(1000, data.GetProperty("retry_after_ms").GetInt64());
        await leave.CancelAsync();
    }

    private static Task<GatewayUnderTest> StartAsync(Func<LimitOptions, LimitOptions> limit, Func<GatewayOptions, GatewayOptions>? configure = null) =>
        GatewayUnderTest.StartAsync(Slow, options => (configure?.Invoke(options) ?? options) with { Limits = limit(options.Limits) });

    private static SimulatorOptions Slow(SimulatorOptions options) => options with { TokensPerSecond = 200, ParallelSessions = 8 };

    /// <summary>A stream that is under way.</summary>
    private static async Task<HttpResponseMessage> RunAsync(GatewayUnderTest gateway, CancellationToken cancellationToken)
    {
        var response = await gateway.PostAsync(InferenceApi.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, Never, "\"stream\":true"), cancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        return response;
    }

    private static async Task<HttpResponseMessage> SendAsync(GatewayUnderTest gateway, string address)
    {
        using var request = GatewayUnderTest.Request(InferenceApi.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 2"));
        request.Headers.Add("X-Forwarded-For", address);
        return await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task LeftAsync(GatewayUnderTest gateway)
    {
        var admission = gateway.Services.GetRequiredService<Admission>();
        await Eventually.TrueAsync(() => admission.Held == (0, 0), "every place is given back");
        await gateway.NothingIsLeftAsync();
    }
}
