using System.Text.Json;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary>The prediction keys: what they are by default, and what of them the simulated model heeds.</summary>
internal static class PredictionConfig
{
    public static KvConfig Defaults { get; } = KvConfig.Empty
        .With("llm.prediction.temperature", "0.8")
        .With("llm.prediction.maxPredictedTokens", """{"checked":false,"value":1000}""")
        .With("llm.prediction.topKSampling", "40")
        .With("llm.prediction.topPSampling", """{"checked":true,"value":0.95}""")
        .With("llm.prediction.minPSampling", """{"checked":true,"value":0.05}""")
        .With("llm.prediction.repeatPenalty", """{"checked":true,"value":1.1}""")
        .With("llm.prediction.stopStrings", "[]")
        .With("llm.prediction.contextOverflowPolicy", "\"truncateMiddle\"")
        .With("llm.prediction.structured", """{"type":"none"}""")
        .With("llm.prediction.tools", """{"type":"none"}""");

    /// <summary>A request with the limits, stop strings, schema, tools and thinking that the configuration asks for.</summary>
    public static GenerationRequest Apply(GenerationRequest request, KvConfig config) => request with
    {
        MaxTokens = Checked(config["llm.prediction.maxPredictedTokens"]),
        StopStrings = [.. Items(config["llm.prediction.stopStrings"]).Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)],
        Schema = Member(config["llm.prediction.structured"], "jsonSchema"),
        Tools = [.. Items(Member(config["llm.prediction.tools"], "tools")).Select(Tool).OfType<ToolDefinition>()],
        ToolChoice = Text(Member(config["llm.prediction.toolChoice"], "mode")) switch
        {
            "none" => ToolChoice.None,
            "required" => ToolChoice.Required,
            _ => ToolChoice.Auto,
        },
        Reasoning = config.Bool("llm.prediction.reasoning.enableThinking") ?? false,
    };

    private static ToolDefinition? Tool(JsonElement tool)
    {
        var function = Member(tool, "function");
        return Text(Member(function, "name")) is { } name ? new ToolDefinition(name, Member(function, "parameters")) : null;
    }

    private static int? Checked(JsonElement? box)
    {
        if (Member(box, "checked") is not { ValueKind: JsonValueKind.True }) return null;
        return Member(box, "value") is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) ? number : null;
    }

    private static JsonElement? Member(JsonElement? value, string name) =>
        value is { ValueKind: JsonValueKind.Object } present && present.TryGetProperty(name, out var member) ? member : null;

    private static IEnumerable<JsonElement> Items(JsonElement? list) => list is { ValueKind: JsonValueKind.Array } present ? present.EnumerateArray() : [];

    private static string? Text(JsonElement? value) => value is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
