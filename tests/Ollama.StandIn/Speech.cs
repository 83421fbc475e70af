using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Ollama.StandIn;

/// <summary>What a model says: it counts where it is told to, calls the first tool it is given, and repeats everything else.</summary>
internal sealed partial class Speech
{
    public string Thought { get; private init; } = "";

    public IEnumerable<string> Words { get; private init; } = [];

    public (string Name, JsonObject Arguments)? Call { get; private init; }

    public int PromptTokens { get; private init; }

    /// <summary>Cut after so many words; null for no limit.</summary>
    public int? Most { get; private init; }

    /// <summary>An answer to the messages of the native chat.</summary>
    public static Speech To(StandInModel model, JsonArray messages, JsonArray? tools, bool thinks, int? most)
    {
        var last = messages.Count == 0 ? null : messages[^1] as JsonObject;
        var text = last?["content"]?.GetValue<string>() ?? "";
        var images = messages.OfType<JsonObject>().Sum(message => message["images"] is JsonArray list ? list.Count : 0);
        var calls = tools is { Count: > 0 } && last?["role"]?.GetValue<string>() != "tool";
        return new Speech
        {
            Thought = thinks && model.Thinks ? "Let me think." : "",
            Words = calls ? [] : images > 0 ? Split($"I see {images} image.") : Say(text),
            Call = calls ? (tools![0]!["function"]!["name"]!.GetValue<string>(), Arguments(tools[0]!["function"]!["parameters"])) : null,
            PromptTokens = Math.Max(1, messages.OfType<JsonObject>().Sum(message => (message["content"]?.GetValue<string>().Length ?? 0) / 4)),
            Most = most,
        };
    }

    private static IEnumerable<string> Say(string text)
    {
        var asked = CountTo().Match(text);
        return asked.Success ? Count(int.Parse(asked.Groups["limit"].Value, CultureInfo.InvariantCulture)) : Split(text.Length == 0 ? "Hello." : $"You said: {text}");
    }

    private static IEnumerable<string> Count(int limit) =>
        Enumerable.Range(1, limit).Select(number => number == 1 ? "1" : string.Create(CultureInfo.InvariantCulture, $", {number}"));

    private static IEnumerable<string> Split(string text)
    {
        var start = 0;
        for (var at = 1; at <= text.Length; at++)
        {
            if (at < text.Length && text[at] != ' ') continue;
            yield return text[start..at];
            start = at;
        }
    }

    private static JsonObject Arguments(JsonNode? schema)
    {
        var arguments = new JsonObject();
        if (schema?["properties"] is not JsonObject properties) return arguments;
        foreach (var (name, property) in properties)
            arguments[name] = property?["type"]?.GetValue<string>() is "number" or "integer" ? 1 : "Tokyo";
        return arguments;
    }

    [GeneratedRegex(@"count to (?<limit>[0-9]+)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CountTo();
}
