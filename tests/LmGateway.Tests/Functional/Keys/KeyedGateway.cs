using System.Text.Json;
using LmGateway.Configuration;
using LmGateway.Security;
using LmGateway.State;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Tests.Functional.Keys;

/// <summary>The service with a key that opens everything and named keys in its settings, each with its name as its secret.</summary>
internal static class KeyedGateway
{
    public const string Main = "change-me-please";

    public static Task<GatewayUnderTest> StartAsync(params string[] keys) => GatewayUnderTest.StartAsync(configure: options => With(options, keys));

    /// <param name="options">The settings so far.</param>
    /// <param name="keys">What stands behind the name and the secret: <c>app scopes=inference</c>.</param>
    public static GatewayOptions With(GatewayOptions options, params string[] keys) =>
        options with { Security = options.Security with { ApiKey = Main, Keys = [.. keys.Select(key => $"name={key.Split(' ')[0]} key={key}")] } };

    public static async Task<HttpResponseMessage> SendAsync(this GatewayUnderTest gateway, string? secret, HttpMethod method, string path, string? body = null)
    {
        using var request = body is null || method == HttpMethod.Get ? new HttpRequestMessage(method, path) : GatewayUnderTest.Request(path, body);
        request.Method = method;
        if (secret is not null) request.Headers.Add("X-API-Key", secret);
        return await gateway.Http.SendAsync(request);
    }

    public static async Task<(int Status, JsonElement Body)> AskAsync(this GatewayUnderTest gateway, string secret, HttpMethod method, string path, string? body = null)
    {
        using var reply = await gateway.SendAsync(secret, method, path, body);
        var text = await reply.Content.ReadAsStringAsync();
        return ((int)reply.StatusCode, text.StartsWith('{') || text.StartsWith('[') ? JsonElement.Parse(text) : default);
    }

    /// <summary>The lines of the audit file, once there are so many.</summary>
    public static async Task<IReadOnlyList<JsonElement>> AuditAsync(this GatewayUnderTest gateway, int count)
    {
        var file = Path.Combine(gateway.Services.GetRequiredService<StateFolder>().Path, AuditFile.FileName);
        string[] lines = [];
        await Eventually.TrueAsync(
            () =>
            {
                lines = File.Exists(file) ? File.ReadAllLines(file) : [];
                return lines.Length >= count;
            },
            $"{count} lines are written");
        return [.. lines.Select(line => JsonElement.Parse(line))];
    }
}
