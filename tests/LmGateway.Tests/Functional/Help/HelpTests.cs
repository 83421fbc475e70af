using System.Net;
using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Configuration;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional.Help;

/// <summary>What the service tells of its own routes. The clients' tests hold the OpenAPI document against the standard and call its examples.</summary>
public sealed class HelpTests
{
    [Fact]
    public async Task Every_route_says_what_it_is_for()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        foreach (var endpoint in Routes(gateway))
        {
            var note = endpoint.Metadata.GetMetadata<RouteNote>();
            Assert.True(note is { Summary.Length: > 5, Group.Length: > 0 }, $"{endpoint.DisplayName} is mapped without .Describe(new RouteNote(…)).");
            Assert.False(note.Summary.EndsWith('.'), $"{endpoint.DisplayName}: a summary is no sentence.");
        }
    }

    [Fact]
    [Trait("req", "S1-12")]
    public async Task Help_lists_every_route_with_method_path_and_description()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var (status, help) = await gateway.GetJsonAsync("/help");

        Assert.Equal(200, status);
        Assert.Equal(["summary", "version", "routes", "notes"], help.EnumerateObject().Select(member => member.Name));
        var listed = help.GetProperty("routes").EnumerateArray().ToList();
        Assert.All(listed, route => Assert.Equal(["method", "path", "description", "group"], route.EnumerateObject().Select(member => member.Name)));
        Assert.All(listed, route => Assert.NotEmpty(route.GetProperty("description").GetString()!));
        var paths = listed.Select(route => route.GetProperty("path").GetString()!).ToHashSet();
        Assert.Equal(Routes(gateway).Select(PathOf).ToHashSet(), paths);
        Assert.Equal(listed.Count, listed.Select(route => $"{route.GetProperty("method")} {route.GetProperty("path")}").Distinct().Count());

        // The document's own table of endpoints is among them.
        foreach (var line in await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "fixtures", "sources", "1-rest-service.md"), TestContext.Current.CancellationToken))
            if (line.Split('|') is [_, var method, var path, _, _] && method.Trim() is "GET" or "POST" && line.Split('|')[2].Trim().Trim('`') is { } printed)
                Assert.Contains(listed, route => route.GetProperty("method").GetString() == line.Split('|')[1].Trim() && route.GetProperty("path").GetString() == printed);
    }

    [Fact]
    [Trait("req", "S1-12")]
    public async Task A_browser_gets_help_as_a_page()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/help");
        request.Headers.TryAddWithoutValidation("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");

        using var response = await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal("text/html; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        var page = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        foreach (var endpoint in Routes(gateway)) Assert.Contains($"<code>{PathOf(endpoint)}</code>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_OpenAPI_document_has_every_route_and_only_schemas_that_there_are()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var (status, document) = await gateway.GetJsonAsync("/openapi.json");

        Assert.Equal((200, "3.1.0"), (status, document.GetProperty("openapi").GetString()));
        Assert.False(document.TryGetProperty("security", out _));
        var paths = document.GetProperty("paths");
        Assert.Equal(Routes(gateway).Select(PathOf).ToHashSet(), paths.EnumerateObject().Select(path => path.Name).ToHashSet());
        foreach (var endpoint in Routes(gateway))
            foreach (var method in (endpoint.Metadata.GetMetadata<RouteNote>()?.Methods ?? endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST", "PUT", "PATCH", "DELETE"]).Where(method => method != "HEAD"))
                Assert.True(paths.GetProperty(PathOf(endpoint)).TryGetProperty(method.ToLowerInvariant(), out _), $"{method} {PathOf(endpoint)}");
        var operations = paths.EnumerateObject().SelectMany(path => path.Value.EnumerateObject()).Select(operation => operation.Value.GetProperty("operationId").GetString()).ToList();
        Assert.Equal(operations.Count, operations.Distinct().Count());

        var schemas = document.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(schema => schema.Name).ToList();
        Assert.Equal(schemas.Count, schemas.Distinct().Count());
        var named = References(document).ToHashSet();
        Assert.Empty(named.Except(schemas.Select(name => $"#/components/schemas/{name}")));
        Assert.Empty(schemas.Select(name => $"#/components/schemas/{name}").Except(named));
    }

    [Theory]
    [InlineData("/docs")]
    [InlineData("/docs/")]
    public async Task The_page_to_try_the_routes_on_comes_with_the_program(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var page = await gateway.Http.GetStringAsync(path, TestContext.Current.CancellationToken);
        foreach (var part in page.Split('"').Where(part => part.StartsWith("./", StringComparison.Ordinal) || part.EndsWith(".js", StringComparison.Ordinal) || part.EndsWith(".css", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain("//", part, StringComparison.Ordinal);
            using var file = await gateway.Http.GetAsync(new Uri(new Uri(gateway.Address, "/docs/"), part), TestContext.Current.CancellationToken);
            Assert.True(file.IsSuccessStatusCode, part);
        }

        Assert.Contains("../openapi.json", await gateway.Http.GetStringAsync("/docs/index.js", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        using var missing = await gateway.Http.GetAsync("/docs/nothing.js", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [Fact]
    public async Task With_a_key_set_the_page_is_open_and_everything_that_it_shows_needs_the_key()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Security = new SecurityOptions { ApiKey = "a-long-enough-key" } });

        Assert.Contains("sessionStorage", await gateway.Http.GetStringAsync("/docs/index.js", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        foreach (var path in new[] { "/openapi.json", "/help" }) Assert.Equal(401, (await gateway.GetJsonAsync(path)).Status);

        gateway.Http.DefaultRequestHeaders.Add("X-API-Key", "a-long-enough-key");
        var (status, document) = await gateway.GetJsonAsync("/openapi.json");
        Assert.Equal(200, status);
        Assert.Equal("""[{"key":[]},{"bearer":[]}]""", JsonSerializer.Serialize(document.GetProperty("security")));
    }

    private static IReadOnlyList<RouteEndpoint> Routes(GatewayUnderTest gateway) => [.. gateway.Services.GetRequiredService<EndpointDataSource>().Endpoints.Cast<RouteEndpoint>()];

    private static string PathOf(RouteEndpoint endpoint) => endpoint.RoutePattern.RawText!.Replace("**", "", StringComparison.Ordinal);

    private static IEnumerable<string> References(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(member => member.NameEquals("$ref") ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
