using System.Text;
using System.Text.Json;
using LmGateway.Api.Mcp.Tools;
using LmGateway.Configuration;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Mcp.Http;

/// <summary>
/// What a client's configuration gave its stdio process, handed on to the running service with each message, so that two clients with
/// different models can share one service. It holds nothing that a caller could not say in a tool's arguments.
/// </summary>
internal static class SessionSettings
{
    public const string Header = "X-LmGateway-Session";

    private const int Longest = 4096;

    public static string Write(ToolSettings settings) => Convert.ToBase64String(McpJson.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("backend", settings.Backend);
        writer.WriteGiven("model", settings.Model);
        writer.WriteGiven("model_source", settings.ModelSource);
        writer.WriteBoolean("thinking_mode", settings.ThinkingMode);
        writer.WriteNumber("temperature", settings.Temperature);
        writer.WriteGiven("cwd", settings.WorkingFolder);
        writer.WriteEndObject();
    }).Span);

    /// <summary>The service's own settings where there are none, or none that can be read.</summary>
    public static ToolSettings Read(HttpRequest request, GatewayOptions options)
    {
        var own = ToolSettings.Of(options);
        var header = request.Headers[Header].ToString();
        if (header.Length is 0 or > Longest) return own;
        try
        {
            var json = JsonElement.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(header)));
            return own with
            {
                Backend = BringUpOptions.BackendNamed(Text(json, "backend") ?? "") ?? own.Backend,
                Model = Text(json, "model"),
                ModelSource = Text(json, "model_source"),
                ThinkingMode = json.TryGetProperty("thinking_mode", out var thinking) ? thinking.ValueKind == JsonValueKind.True : own.ThinkingMode,
                Temperature = json.TryGetProperty("temperature", out var given) && given.ValueKind == JsonValueKind.Number ? Math.Clamp(given.GetDouble(), 0, 1) : own.Temperature,
                WorkingFolder = Text(json, "cwd"),
            };
        }
        catch (Exception fault) when (fault is FormatException or JsonException or InvalidOperationException)
        {
            return own;
        }
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? ToolArguments.TextOf(value) : null;
}
