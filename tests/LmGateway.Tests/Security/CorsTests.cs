using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Security;

public sealed class CorsTests
{
    private const string Page = "http://localhost:3000";
    private const string Stranger = "https://evil.example";
    private static readonly SecurityOptions Keyed = new() { ApiKey = "change-me-please" };
    private static readonly SecurityOptions Star = new() { CorsOrigins = ["*"] };

    [Fact]
    public async Task A_preflight_needs_no_key_and_gets_back_every_header_it_asked_for()
    {
        await using var service = await GuardedService.StartAsync(Keyed);
        const string asked = "authorization,content-type,x-stainless-arch,x-stainless-lang,x-stainless-retry-count";
        using var reply = await PreflightAsync(service, "/v1/chat/completions", Page, ("Access-Control-Request-Headers", asked));
        Assert.Equal(204, (int)reply.StatusCode);
        Assert.Equal(Page, Header(reply, "Access-Control-Allow-Origin"));
        Assert.Equal(asked, Header(reply, "Access-Control-Allow-Headers"));
        Assert.Equal("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", Header(reply, "Access-Control-Allow-Methods"));
        Assert.Equal("7200", Header(reply, "Access-Control-Max-Age"));
        Assert.StartsWith("Origin, ", Header(reply, "Vary"));
        Assert.Null(Header(reply, "Access-Control-Allow-Private-Network"));
        Assert.Null(Header(reply, "Access-Control-Allow-Credentials"));
    }

    [Theory]
    [InlineData(Page, "true", "true")]
    [InlineData(Page, "false", null)]
    [InlineData(Stranger, "true", null)]
    public async Task Private_network_access_is_granted_to_allowed_origins_that_ask(string origin, string asked, string? granted)
    {
        await using var service = await GuardedService.StartAsync(new SecurityOptions());
        using var reply = await PreflightAsync(service, "/v1/models", origin, ("Access-Control-Request-Private-Network", asked));
        Assert.Equal(204, (int)reply.StatusCode);
        Assert.Equal(granted, Header(reply, "Access-Control-Allow-Private-Network"));
    }

    [Fact]
    public async Task A_preflight_of_a_stranger_is_answered_with_nothing_allowed()
    {
        await using var service = await GuardedService.StartAsync(new SecurityOptions());
        using var reply = await PreflightAsync(service, "/v1/models", Stranger, ("Access-Control-Request-Headers", "authorization"));
        Assert.Equal(204, (int)reply.StatusCode);
        Assert.DoesNotContain(reply.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task What_cannot_stand_in_a_header_is_not_echoed()
    {
        await using var service = await GuardedService.StartAsync(new SecurityOptions());
        Assert.Equal("HTTP/1.1 204 No Content", await service.SendRawAsync("OPTIONS / HTTP/1.1", "Host: localhost", $"Origin: {Page}", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: caf\u00e9"));
        Assert.Equal("HTTP/1.1 403 Forbidden", await service.SendRawAsync("POST / HTTP/1.1", "Host: localhost", "Origin: app://caf\u00e9"));
    }

    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/")]
    [InlineData("/no/such/route")]
    public async Task A_plain_options_request_learns_the_methods(string path)
    {
        await using var service = await GuardedService.StartAsync(Keyed);
        using var reply = await service.SendAsync(HttpMethod.Options, path);
        Assert.Equal(204, (int)reply.StatusCode);
        Assert.Equal("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", string.Join(", ", reply.Content.Headers.Allow));
        Assert.Null(Header(reply, "Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Replies_streams_and_errors_of_the_service_name_the_origin()
    {
        await using var service = await GuardedService.StartAsync(new SecurityOptions());
        foreach (var (path, status) in new[] { ("/v1/models", 200), ("/fails", 500) })
        {
            using var reply = await service.SendAsync(HttpMethod.Get, path, ("Origin", Page));
            Assert.Equal(status, (int)reply.StatusCode);
            AssertReadable(reply, Page);
        }
    }

    [Fact]
    public async Task Refusals_name_the_origin_too_so_that_pages_can_show_the_reason()
    {
        await using var service = await GuardedService.StartAsync(Keyed with { IpAllowlist = ["127.0.0.1"], TrustedProxies = ["127.0.0.1"] });
        using var noKey = await service.SendAsync(HttpMethod.Get, "/v1/models", ("Origin", Page));
        using var wrongHost = await service.SendAsync(HttpMethod.Get, "/v1/models", ("Origin", Page), ("Host", "evil.example"));
        using var wrongAddress = await service.SendAsync(HttpMethod.Get, "/v1/models", ("Origin", Page), ("X-Forwarded-For", "203.0.113.7"));
        using var wrongType = await service.SendAsync(HttpMethod.Post, "/v1/models", ("Origin", Page), ("X-API-Key", "change-me-please"), ("Content-Type", "text/plain"));
        Assert.Equal([401, 403, 403, 415], new[] { noKey, wrongHost, wrongAddress, wrongType }.Select(reply => (int)reply.StatusCode));
        foreach (var reply in new[] { noKey, wrongHost, wrongAddress, wrongType }) AssertReadable(reply, Page);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData(null)]
    public async Task A_stranger_may_not_change_anything_even_without_a_preflight(string? contentType)
    {
        await using var service = await GuardedService.StartAsync(new SecurityOptions());
        (string, string)[] body = contentType is null ? [] : [("Content-Type", contentType)];
        foreach (var origin in new[] { Stranger, "null" })
        {
            using var reply = await service.SendAsync(HttpMethod.Post, "/admin/models/unload", [("Origin", origin), .. body]);
            Assert.Equal(403, (int)reply.StatusCode);
            Assert.Equal($"Forbidden: Pages of the origin '{origin}' may not call this service. Add it to security.cors_origins (CORS_ORIGINS) to allow it.", await TextOf(reply));
            Assert.Null(Header(reply, "Access-Control-Allow-Origin"));
        }
    }

    [Fact]
    public async Task A_stranger_may_not_open_a_socket()
    {
        await using var service = await GuardedService.StartAsync(new SecurityOptions());
        var reply = await service.SendRawAsync("GET / HTTP/1.1", "Host: localhost", $"Origin: {Stranger}", "Connection: Upgrade", "Upgrade: websocket");
        Assert.StartsWith("HTTP/1.1 403 ", reply);
    }

    [Fact]
    public async Task A_stranger_who_only_reads_is_answered_without_leave_to_see_it()
    {
        await using var service = await GuardedService.StartAsync(new SecurityOptions());
        using var reply = await service.SendAsync(HttpMethod.Get, "/v1/models", ("Origin", Stranger));
        Assert.Equal(200, (int)reply.StatusCode);
        Assert.Null(Header(reply, "Access-Control-Allow-Origin"));
        Assert.Equal("Origin", Header(reply, "Vary"));
    }

    [Fact]
    public async Task Pages_that_the_service_itself_serves_may_post_back()
    {
        await using var service = await GuardedService.StartAsync(new SecurityOptions { CorsOrigins = ["https://chat.example"], AllowedHosts = ["gateway.example"] });
        using var reply = await service.SendAsync(HttpMethod.Post, "/admin/models/load", ("Host", "gateway.example"), ("Origin", "https://gateway.example"), ("Content-Type", "application/json"));
        Assert.Equal(200, (int)reply.StatusCode);
    }

    [Fact]
    public async Task A_list_names_the_origin_that_fits()
    {
        await using var service = await GuardedService.StartAsync(new SecurityOptions { CorsOrigins = ["https://a.example", "https://b.example"] });
        using var listed = await service.SendAsync(HttpMethod.Post, "/chat", ("Origin", "https://b.example"), ("Content-Type", "application/json"));
        using var other = await service.SendAsync(HttpMethod.Post, "/chat", ("Origin", Page), ("Content-Type", "application/json"));
        Assert.Equal(200, (int)listed.StatusCode);
        AssertReadable(listed, "https://b.example");
        Assert.Equal(403, (int)other.StatusCode);
    }

    [Fact]
    public async Task The_star_admits_everyone_and_never_credentials()
    {
        await using var service = await GuardedService.StartAsync(Star);
        foreach (var origin in new[] { Stranger, "null", Page })
        {
            using var preflight = await PreflightAsync(service, "/models/load", origin);
            using var reply = await service.SendAsync(HttpMethod.Post, "/models/load", ("Origin", origin), ("Content-Type", "application/json"));
            Assert.Equal(200, (int)reply.StatusCode);
            Assert.Null(Header(reply, "Vary"));
            foreach (var answer in new[] { preflight, reply })
            {
                Assert.Equal("*", Header(answer, "Access-Control-Allow-Origin"));
                Assert.Null(Header(answer, "Access-Control-Allow-Credentials"));
            }
        }
    }

    [Theory]
    [InlineData("/admin/models/unload")]
    [InlineData("/ADMIN/models/unload")]
    [InlineData("/%61dmin/models/unload")]
    [InlineData("/debug/status")]
    public async Task The_star_does_not_cover_administration_without_a_key(string path)
    {
        await using var service = await GuardedService.StartAsync(Star);
        using var preflight = await PreflightAsync(service, path, Stranger);
        using var read = await service.SendAsync(HttpMethod.Get, path, ("Origin", Stranger));
        using var write = await service.SendAsync(HttpMethod.Post, path, ("Origin", Stranger), ("Content-Type", "application/json"));
        using var own = await service.SendAsync(HttpMethod.Post, path, ("Origin", Page), ("Content-Type", "application/json"));
        foreach (var reply in new[] { preflight, read, write }) Assert.Null(Header(reply, "Access-Control-Allow-Origin"));
        Assert.Equal(403, (int)write.StatusCode);
        Assert.Equal(200, (int)own.StatusCode);
        AssertReadable(own, Page);
    }

    [Fact]
    public async Task The_star_covers_administration_behind_a_key()
    {
        await using var service = await GuardedService.StartAsync(Star with { ApiKey = "change-me-please" });
        using var preflight = await PreflightAsync(service, "/admin/models", Stranger);
        using var without = await service.SendAsync(HttpMethod.Get, "/admin/models", ("Origin", Stranger));
        using var with = await service.SendAsync(HttpMethod.Get, "/admin/models", ("Origin", Stranger), ("X-API-Key", "change-me-please"));
        foreach (var reply in new[] { preflight, without, with }) Assert.Equal("*", Header(reply, "Access-Control-Allow-Origin"));
        Assert.Equal([204, 401, 200], new[] { preflight, without, with }.Select(reply => (int)reply.StatusCode));
    }

    private static Task<HttpResponseMessage> PreflightAsync(GuardedService service, string path, string origin, params (string, string)[] more) =>
        service.SendAsync(HttpMethod.Options, path, [("Origin", origin), ("Access-Control-Request-Method", "POST"), .. more]);

    private static void AssertReadable(HttpResponseMessage reply, string origin)
    {
        Assert.Equal(origin, Header(reply, "Access-Control-Allow-Origin"));
        Assert.Equal("x-request-id, request-id, retry-after", Header(reply, "Access-Control-Expose-Headers"));
        Assert.Equal("Origin", Header(reply, "Vary"));
    }

    private static string? Header(HttpResponseMessage reply, string name) =>
        reply.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;

    private static Task<string> TextOf(HttpResponseMessage reply) => reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
}
