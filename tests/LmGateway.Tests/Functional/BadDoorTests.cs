using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>Who may not come in is told so in the envelope of the route, whatever the route is, and nothing is done.</summary>
public sealed class BadDoorTests
{
    private const string Key = "change-me-please";

    [Fact]
    [Trait("req", "S4-43")]
    public async Task A_missing_or_wrong_key_is_401_on_every_route()
    {
        await using var gateway = await StartAsync(security => security with { ApiKey = Key });
        var error = new ExpectedError("A valid API key is needed: send it as 'X-API-Key: <key>' or 'Authorization: Bearer <key>'.") { Code = "invalid_api_key", AnthropicType = "authentication_error" };
        (string, string)[] headers = [("X-Nothing", "at all"), ("X-API-Key", "wrong"), ("X-API-Key", Key[..^1]), ("X-API-Key", Key + "e"), ("X-API-Key", Key.ToUpperInvariant()), ("Authorization", "Bearer wrong"), ("Authorization", Key), ("Authorization", $"Basic {Key}")];
        foreach (var (name, value) in headers)
            await AssertRefusedEverywhereAsync(gateway, 401, error, request => request.Headers.TryAddWithoutValidation(name, value), reply => Assert.Equal("Bearer", reply.Headers.WwwAuthenticate.ToString()));
        foreach (var path in new[] { "/v1/models", "/models", "/", "/nope", "/v1/nope", "/health/ready" })
            Assert.Equal($"401 {WayIn.All[0].Envelope(error, "")}", (await BadInputGateway.SendAsync(gateway, new HttpRequestMessage(HttpMethod.Get, path))).ToString());
        AssertUntouched(gateway);
    }

    [Theory]
    [InlineData("X-API-Key", Key)]
    [InlineData("x-api-key", Key)]
    [InlineData("api-key", Key)]
    [InlineData("Authorization", "Bearer " + Key)]
    [InlineData("Authorization", "bearer " + Key)]
    public async Task The_key_opens_in_every_header_that_clients_use(string header, string value)
    {
        await using var gateway = await StartAsync(security => security with { ApiKey = Key });
        var request = new HttpRequestMessage(HttpMethod.Get, "/admin/models");
        request.Headers.TryAddWithoutValidation(header, value);
        Assert.Equal(200, (await BadInputGateway.SendAsync(gateway, request)).Status);
    }

    [Fact]
    public async Task Health_is_open_unless_it_is_closed_and_tells_strangers_little()
    {
        await using (var gateway = await StartAsync(security => security with { ApiKey = Key }))
        {
            var (status, body) = await gateway.GetJsonAsync("/health");
            Assert.Equal(200, status);
            Assert.Equal(["status", "uptime_seconds", "version"], body.EnumerateObject().Select(member => member.Name));
            Assert.Equal(200, (await gateway.GetJsonAsync("/health/live")).Status);
        }

        await using var closed = await StartAsync(security => security with { ApiKey = Key, RequireAuthForHealth = true });
        Assert.Equal(401, (await closed.GetJsonAsync("/health")).Status);
        Assert.Equal(200, (await closed.GetJsonAsync("/health/live")).Status);
    }

    [Fact]
    [Trait("req", "S4-44")]
    public async Task An_address_that_is_not_on_the_list_is_403_on_every_route()
    {
        await using var gateway = await StartAsync(security => security with { IpAllowlist = ["192.0.2.0/24", "2001:db8::1"] });
        var error = new ExpectedError("The address 127.0.0.1 may not call this service. Add it to security.ip_allowlist (IP_ALLOWLIST) to allow it.") { Code = "forbidden", OpenAiType = "permission_error", AnthropicType = "permission_error" };
        await AssertRefusedEverywhereAsync(gateway, 403, error, request => request.Headers.Add("X-Forwarded-For", "192.0.2.7"));
        AssertUntouched(gateway);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:8000")]
    [InlineData("127.0.0.1.evil.example")]
    public async Task A_Host_that_is_not_ours_is_403_on_every_route(string host)
    {
        await using var gateway = await StartAsync(security => security);
        var error = new ExpectedError($"This service is not known as '{host}'. Add that name (for containers: host.docker.internal) to security.allowed_hosts to call it so.") { Code = "forbidden", OpenAiType = "permission_error", AnthropicType = "permission_error" };
        await AssertRefusedEverywhereAsync(gateway, 403, error, request => request.Headers.Host = host);
        AssertUntouched(gateway);
    }

    [Fact]
    public async Task A_page_of_a_foreign_origin_is_403_and_learns_nothing()
    {
        await using var gateway = await StartAsync(security => security);
        foreach (var way in WayIn.All)
        {
            using var request = GatewayUnderTest.Request(way.Path, way.GoodBody);
            request.Headers.Add("Origin", "https://evil.example");
            using var response = await gateway.Http.SendAsync(request);
            Assert.Equal(403, (int)response.StatusCode);
            Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
            Assert.True(response.Headers.Contains("x-request-id"));
            var id = response.Headers.GetValues("x-request-id").Single();
            var error = new ExpectedError("Pages of the origin 'https://evil.example' may not call this service. Add it to security.cors_origins (CORS_ORIGINS) to allow it.") { Code = "forbidden", OpenAiType = "permission_error", AnthropicType = "permission_error" };
            Assert.Equal(way.Envelope(error, id), await response.Content.ReadAsStringAsync());
        }

        AssertUntouched(gateway);
    }

    private static Task<GatewayUnderTest> StartAsync(Func<SecurityOptions, SecurityOptions> secure) =>
        GatewayUnderTest.StartAsync(configure: options => options with { Security = secure(options.Security) });

    private static async Task AssertRefusedEverywhereAsync(GatewayUnderTest gateway, int status, ExpectedError error, Action<HttpRequestMessage> spoil, Action<BadReply>? look = null)
    {
        foreach (var way in WayIn.All)
        {
            var request = GatewayUnderTest.Request(way.Path, way.GoodBody);
            spoil(request);
            var reply = await BadInputGateway.SendAsync(gateway, request);
            Assert.Equal($"{status} {way.Envelope(error, BadInputGateway.RequestId)}", reply.ToString());
            look?.Invoke(reply);
        }
    }

    /// <summary>No model was loaded, and no request of a caller reached LM Studio.</summary>
    private static void AssertUntouched(GatewayUnderTest gateway)
    {
        Assert.Equal(0, gateway.Simulator.State.Counters.Snapshot().LoadsStarted);
        Assert.DoesNotContain(gateway.Simulator.State.Counters.LastRequests, request => request.Method == "POST");
    }
}
