using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using LmGateway.Api.Mcp.Tools;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Routing;

/// <summary>Asks a model which tags fit, and reads its answer.</summary>
internal static partial class TagQuestion
{
    private const int AnswerTokens = 100;
    private const int ThinkingTokens = 500;

    public static ChatRequest Write(IReadOnlyList<RoutingTag> tags, RoutingFacts facts, ToolSettings settings) => new()
    {
        Messages = settings.ThinkingMode
            ? [new ChatMessage(ChatRole.User, Text(tags, facts))]
            : [new ChatMessage(ChatRole.System, "/no_think"), new ChatMessage(ChatRole.User, Text(tags, facts))],
        Temperature = settings.Temperature,
        MaxTokens = settings.ThinkingMode ? ThinkingTokens : AnswerTokens,
        JsonSchema = JsonElement.Parse(
            $$"""{"type":"object","properties":{"tags":{"type":"array","items":{"maximum":{{tags.Count}},"minimum":0,"type":"integer"} } },"required":["tags"],"additionalProperties":false}"""),
    };

    /// <summary>
    /// The tags that an answer names: the numbers of its JSON; where it is no JSON, the numbers in it; where there are none, the names in it.
    /// </summary>
    public static IReadOnlySet<string> Read(string answer, IReadOnlyList<RoutingTag> tags)
    {
        var numbers = JsonNumbers(answer) ?? [.. Number().Matches(answer).Select(match => int.TryParse(match.Value, CultureInfo.InvariantCulture, out var number) ? number : 0)];
        if (numbers.Count > 0) return numbers.Where(number => number > 0 && number <= tags.Count).Select(number => tags[number - 1].Name).ToHashSet(StringComparer.Ordinal);
        return tags.Select(tag => tag.Name).Where(name => answer.Contains(name, StringComparison.OrdinalIgnoreCase)).ToHashSet(StringComparer.Ordinal);
    }

    private static string Text(IReadOnlyList<RoutingTag> tags, RoutingFacts facts)
    {
        var text = new StringBuilder("Which of these kinds of work does the task below need? Answer with their numbers, or with 0 for none.\n\n");
        for (var index = 0; index < tags.Count; index++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{index + 1}. {tags[index].Name}: {tags[index].Description}");
            if (tags[index].Examples.Count > 0) text.Append(CultureInfo.InvariantCulture, $" (for instance: {string.Join("; ", tags[index].Examples)})");
            text.Append('\n');
        }

        text.Append(CultureInfo.InvariantCulture, $"\nTask: {facts.Task}\nIntent: {facts.Intent}\n");
        if (facts.OriginalPrompt is { } prompt) text.Append(CultureInfo.InvariantCulture, $"What the person asked: {prompt}\n");
        if (facts.Files.Count > 0) text.Append(CultureInfo.InvariantCulture, $"Files: {string.Join(", ", facts.Files)}\n");
        return text.Append("\nAnswer as JSON: {\"tags\": [numbers]}").ToString();
    }

    private static List<int>? JsonNumbers(string answer)
    {
        var (begin, end) = (answer.IndexOf('{', StringComparison.Ordinal), answer.LastIndexOf('}'));
        if (begin < 0 || end < begin) return null;
        try
        {
            using var json = JsonDocument.Parse(answer[begin..(end + 1)]);
            if (!json.RootElement.TryGetProperty("tags", out var tags) || tags.ValueKind != JsonValueKind.Array) return null;
            // 0 stands for none, and an empty list says the same.
            return [0, .. tags.EnumerateArray().Select(tag => tag.ValueKind == JsonValueKind.Number && tag.TryGetInt32(out var number) ? number : 0)];
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\d{1,4}", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Number();
}
