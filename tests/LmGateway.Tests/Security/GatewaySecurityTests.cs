using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Security;

public sealed class GatewaySecurityTests
{
    private const string Key = "change-me-please";
    private static readonly SecurityOptions Open = new();
    private static readonly SecurityOptions Keyed = new() { ApiKey = Key };

    [Fact]
    public async Task An_open_service_ignores_whatever_key_is_sent()
    {
        await using var service = await GuardedService.StartAsync(Open);
        foreach (var authorization in new[] { "Bearer lm-studio", "Bearer", "Bearer ", "nonsense", "Basic !!!" })
            Assert.Equal((200, "127.0.0.1 127.0.0.1 authenticated"), await GetAsync(service, "/v1/models", ("Authorization", authorization)));
    }

    [Theory]
    [InlineData("X-API-Key", Key)]
    [InlineData("Authorization", "Bearer " + Key)]
    [InlineData("Authorization", "bearer " + Key)]
    [InlineData("api-key", Key)]
    public async Task A_key_is_taken_from_any_of_the_three_headers_and_names_the_caller(string header, string value)
    {
        await using var service = await GuardedService.StartAsync(Keyed);
        Assert.Equal((200, "default 127.0.0.1 authenticated"), await GetAsync(service, "/v1/models", (header, value)));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/v1/models")]
    [InlineData("/admin/models")]
    [InlineData("/no/such/route")]
    [InlineData("/health/ready")]
    [InlineData("/health/live/more")]
    [InlineData("/healthy")]
    [InlineData("/v1//health")]
    public async Task With_a_key_set_every_route_asks_for_it(string path)
    {
        await using var service = await GuardedService.StartAsync(Keyed);
        using var reply = await service.SendAsync(HttpMethod.Get, path);
        Assert.Equal(401, (int)reply.StatusCode);
        Assert.Equal("Bearer", reply.Headers.WwwAuthenticate.ToString());
    }

    [Theory]
    [InlineData("X-API-Key", "not-the-secret")]
    [InlineData("Authorization", "Bearer not-the-secret")]
    [InlineData("Authorization", "Basic bm90LXRoZS1zZWNyZXQ=")]
    [InlineData("api-key", "not-the-secret")]
    public async Task A_wrong_key_is_refused_and_stands_neither_in_the_reply_nor_in_the_log(string header, string value)
    {
        await using var service = await GuardedService.StartAsync(Keyed);
        var (status, text) = await GetAsync(service, "/v1/models?x=1", (header, value));
        Assert.Equal(401, status);
        Assert.Equal("Unauthorized: A valid API key is needed: send it as 'X-API-Key: <key>' or 'Authorization: Bearer <key>'.", text);
        Assert.DoesNotContain(service.Log, line => line.Contains("not-the-secret") || line.Contains(Key));
        Assert.Contains(service.Log, line => line.StartsWith("Refused GET /v1/models from 127.0.0.1: A valid API key", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false, "/health", 200)]
    [InlineData(false, "/health/", 200)]
    [InlineData(false, "/health/live", 200)]
    [InlineData(true, "/health", 401)]
    [InlineData(true, "/health/live", 200)]
    [InlineData(true, "/HEALTH/LIVE", 200)]
    public async Task Health_answers_without_a_key_unless_told_otherwise_and_liveness_always(bool required, string path, int expected)
    {
        await using var service = await GuardedService.StartAsync(Keyed with { RequireAuthForHealth = required });
        var (status, text) = await GetAsync(service, path);
        Assert.Equal(expected, status);
        if (status == 200) Assert.Equal("127.0.0.1 127.0.0.1 anonymous", text);
        Assert.Equal((200, "default 127.0.0.1 authenticated"), await GetAsync(service, path, ("X-API-Key", Key)));
    }

    [Theory]
    [InlineData("Host: localhost", 200)]
    [InlineData("Host: 127.0.0.1:9", 200)]
    [InlineData("Host: evil.example", 403)]
    [InlineData("Host: 10.1.2.3", 403)]
    public async Task A_foreign_host_is_refused_on_every_route(string host, int status)
    {
        await using var service = await GuardedService.StartAsync(Open);
        foreach (var line in new[] { "GET /v1/models", "GET /health/live", "POST /chat", "OPTIONS /v1/models" })
        {
            var reply = await service.SendRawAsync($"{line} HTTP/1.1", host);
            var expected = status == 200 && line.StartsWith("OPTIONS", StringComparison.Ordinal) ? 204 : status;
            Assert.StartsWith($"HTTP/1.1 {expected} ", reply);
        }
    }

    [Fact]
    public async Task The_refusal_of_a_host_says_which_setting_admits_it()
    {
        await using var service = await GuardedService.StartAsync(Open);
        var (_, text) = await GetAsync(service, "/", ("Host", "gateway.lan:8000"));
        Assert.Equal("Forbidden: This service is not known as 'gateway.lan:8000'. Add that name (for containers: host.docker.internal) to security.allowed_hosts to call it so.", text);
        await using var named = await GuardedService.StartAsync(new SecurityOptions { AllowedHosts = ["gateway.lan"] });
        Assert.Equal(200, (await GetAsync(named, "/", ("Host", "gateway.lan:8000"))).Status);
    }

    [Fact]
    public async Task An_old_client_on_this_machine_may_leave_the_host_out()
    {
        await using var service = await GuardedService.StartAsync(Open);
        Assert.Equal("HTTP/1.1 200 OK", await service.SendRawAsync("GET /v1/models HTTP/1.0"));
    }

    [Fact]
    public async Task On_a_wildcard_the_machines_own_addresses_are_names_of_the_service()
    {
        await using var service = await GuardedService.StartAsync(Open, "0.0.0.0");
        Assert.Equal(200, (await GetAsync(service, "/", ("Host", "localhost"))).Status);
        Assert.Equal(200, (await GetAsync(service, "/", ("Host", "0.0.0.0"))).Status);
        Assert.Equal(403, (await GetAsync(service, "/", ("Host", "192.0.2.1"))).Status);
        foreach (var address in OwnAddresses())
        {
            using var reply = await service.Client.GetAsync(new Uri($"http://{address}:{service.Port}/"), TestContext.Current.CancellationToken);
            Assert.Equal(200, (int)reply.StatusCode);
        }
    }

    [Theory]
    [InlineData("127.0.0.1", 200)]
    [InlineData("127.0.0.0/8", 200)]
    [InlineData("*", 200)]
    [InlineData("192.168.1.0/24", 403)]
    [InlineData("::1", 403)]
    public async Task The_allowlist_is_literal(string entry, int expected)
    {
        await using var service = await GuardedService.StartAsync(new SecurityOptions { IpAllowlist = [entry] });
        var (status, text) = await GetAsync(service, "/health/live");
        Assert.Equal(expected, status);
        if (status == 403) Assert.Equal("Forbidden: The address 127.0.0.1 may not call this service. Add it to security.ip_allowlist (IP_ALLOWLIST) to allow it.", text);
    }

    [Fact]
    public async Task A_forged_forwarding_header_neither_opens_the_allowlist_nor_names_the_caller()
    {
        await using var closed = await GuardedService.StartAsync(new SecurityOptions { IpAllowlist = ["10.0.0.5"] });
        Assert.Equal(403, (await GetAsync(closed, "/", ("X-Forwarded-For", "10.0.0.5"))).Status);
        await using var open = await GuardedService.StartAsync(Open);
        Assert.Equal((200, "127.0.0.1 127.0.0.1 authenticated"), await GetAsync(open, "/", ("X-Forwarded-For", "10.0.0.5"), ("Forwarded", "for=10.0.0.5"), ("X-Real-IP", "10.0.0.5")));
    }

    [Fact]
    public async Task A_trusted_proxy_says_who_calls()
    {
        await using var service = await GuardedService.StartAsync(new SecurityOptions { IpAllowlist = ["203.0.113.0/24", "2001:db8::/32"], TrustedProxies = ["127.0.0.1"] });
        Assert.Equal((200, "203.0.113.7 203.0.113.7 authenticated"), await GetAsync(service, "/", ("X-Forwarded-For", "198.51.100.9, 203.0.113.7")));
        Assert.Equal((200, "2001:db8::7 2001:db8::7 authenticated"), await GetAsync(service, "/", ("X-Forwarded-For", "2001:db8::7")));
        Assert.Equal(403, (await GetAsync(service, "/", ("X-Forwarded-For", "203.0.113.7, 198.51.100.9"))).Status);
        Assert.Equal(403, (await GetAsync(service, "/")).Status);
    }

    [Theory]
    [InlineData("POST", "application/json", 200)]
    [InlineData("POST", "application/json; charset=UTF-8", 200)]
    [InlineData("PUT", "application/merge-patch+json", 200)]
    [InlineData("POST", "multipart/form-data; boundary=x", 200)]
    [InlineData("POST", "text/plain", 415)]
    [InlineData("PUT", "application/x-www-form-urlencoded", 415)]
    [InlineData("PATCH", "application/json; charset=utf-16", 415)]
    [InlineData("POST", "", 415)]
    [InlineData("DELETE", "text/plain", 200)]
    public async Task Bodies_are_json_or_forms(string method, string contentType, int expected)
    {
        await using var service = await GuardedService.StartAsync(Open);
        using var reply = await service.SendAsync(HttpMethod.Parse(method), "/v1/chat/completions", ("Content-Type", contentType));
        Assert.Equal(expected, (int)reply.StatusCode);
    }

    [Fact]
    public async Task A_refused_body_is_told_what_to_be()
    {
        await using var service = await GuardedService.StartAsync(Open);
        Assert.Equal("UnsupportedMediaType: A body of type 'text/plain' is not taken. Send 'Content-Type: application/json' in UTF-8, or multipart/form-data.", await PostTextAsync(service, "text/plain"));
        Assert.Equal("UnsupportedMediaType: The body has no content type. Send 'Content-Type: application/json' in UTF-8, or multipart/form-data.", await PostTextAsync(service, ""));
        Assert.Equal("UnsupportedMediaType: A body of type 'a?[31m' is not taken. Send 'Content-Type: application/json' in UTF-8, or multipart/form-data.", await PostTextAsync(service, "a\u001b[31m"));
    }

    [Theory]
    [InlineData("Content-Length: 0", 200)]
    [InlineData("X-None: 0", 200)]
    [InlineData("Transfer-Encoding: chunked", 415)]
    public async Task Only_an_empty_body_needs_no_type(string framing, int expected)
    {
        await using var service = await GuardedService.StartAsync(Open);
        var reply = await service.SendRawAsync("POST /admin/models/unload HTTP/1.1", "Host: localhost", framing);
        Assert.StartsWith($"HTTP/1.1 {expected} ", reply);
    }

    [Theory]
    [InlineData("identity", 200)]
    [InlineData("gzip", 415)]
    [InlineData("zstd", 415)]
    public async Task Compressed_bodies_are_refused(string encoding, int expected)
    {
        await using var service = await GuardedService.StartAsync(Open);
        using var reply = await service.SendAsync(HttpMethod.Post, "/v1/responses", ("Content-Type", "application/json"), ("Content-Encoding", encoding));
        Assert.Equal(expected, (int)reply.StatusCode);
        if (expected == 415)
            Assert.Equal($"UnsupportedMediaType: A body with 'Content-Encoding: {encoding}' is not taken. Send it uncompressed.", await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<(int Status, string Text)> GetAsync(GuardedService service, string path, params (string, string)[] headers)
    {
        using var reply = await service.SendAsync(HttpMethod.Get, path, headers);
        return ((int)reply.StatusCode, await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<string> PostTextAsync(GuardedService service, string contentType)
    {
        using var reply = await service.SendAsync(HttpMethod.Post, "/", ("Content-Type", contentType));
        return await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static IEnumerable<IPAddress> OwnAddresses() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(network => network.OperationalStatus == OperationalStatus.Up)
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .Where(address => address.AddressFamily == AddressFamily.InterNetwork);
}
