using System.Text.Json;
using System.Text.RegularExpressions;
using LmGateway.Api.Mcp.Tools;

namespace LmGateway.Api.Mcp.Routing;

/// <summary>
/// Reads agents, rules and tags. Empty lists, names that are empty or stand twice, and rules that name what there is not are refused: a rule
/// that can never hold would only be found by its silence.
/// </summary>
internal static class RoutingReader
{
    private static readonly JsonDocumentOptions Forgiving = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    public static RoutingConfig Read(RoutingText agentsFile, RoutingText rulesFile, RoutingText tagsFile)
    {
        var agents = Items(agentsFile, "agents").Select(item => Agent(agentsFile, item)).ToList();
        Unique(agentsFile, agents.Select(agent => agent.Name));
        var tags = Items(tagsFile, "tags").Select(item => Tag(tagsFile, item)).ToList();
        Unique(tagsFile, tags.Select(tag => tag.Name));
        var rules = Items(rulesFile, "rules").Select(item => Rule(rulesFile, item)).ToList();
        foreach (var rule in rules)
        {
            foreach (var name in rule.Agents.Except(agents.Select(agent => agent.Name), StringComparer.Ordinal)) throw Fault(rulesFile, $"a rule routes to '{name}', which {agentsFile.Name} does not have");
            foreach (var name in rule.Condition.Tags.Except(tags.Select(tag => tag.Name), StringComparer.Ordinal)) throw Fault(rulesFile, $"a rule needs the tag '{name}', which {tagsFile.Name} does not have");
        }

        return new RoutingConfig(agents, rules, tags);
    }

    private static List<JsonElement> Items(RoutingText file, string list)
    {
        try
        {
            using var document = JsonDocument.Parse(file.Text, Forgiving);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty(list, out var items) || items.ValueKind != JsonValueKind.Array)
                throw Fault(file, $"an object with the list '{list}' is expected");
            return items.GetArrayLength() > 0 ? [.. items.Clone().EnumerateArray()] : throw Fault(file, $"'{list}' is empty");
        }
        catch (JsonException fault)
        {
            throw Fault(file, $"it is not valid JSON: {fault.Message}");
        }
    }

    private static RoutedAgent Agent(RoutingText file, JsonElement item) => new(Required(file, item, "name"), Required(file, item, "description"))
    {
        Instructions = Text(item, "instructions"),
        Priority = Member(item, "priority") is { ValueKind: JsonValueKind.Number } priority && priority.TryGetInt32(out var number) ? number : RoutedAgent.UsualPriority,
    };

    private static RoutingTag Tag(RoutingText file, JsonElement item) => new(Required(file, item, "name"), Required(file, item, "description"), Texts(item, "examples"));

    private static RoutingRule Rule(RoutingText file, JsonElement item)
    {
        var agents = Texts(item, "route_to_subagents");
        if (agents.Count == 0) throw Fault(file, "a rule has no 'route_to_subagents'");
        return new RoutingRule(Text(item, "description"), Condition(file, Member(item, "conditions") ?? throw Fault(file, "a rule has no 'conditions'")), agents);
    }

    /// <summary>An object with one member. A list of texts stands for any of them.</summary>
    private static RoutingCondition Condition(RoutingText file, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || json.EnumerateObject().ToList() is not [var member]) throw Fault(file, $"a condition is an object with one of any_of, all_of, file_pattern, file_regex, branch_regex, prompt_regex, llm_tag; not {json.GetRawText()}");
        var (kind, value) = (member.Name, member.Value);
        if (kind is "any_of" or "all_of")
        {
            if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0) throw Fault(file, $"'{kind}' must be a list with something in it");
            List<RoutingCondition> parts = [.. value.EnumerateArray().Select(part => Condition(file, part))];
            return kind == "any_of" ? new RoutingCondition.AnyOf(parts) : new RoutingCondition.AllOf(parts);
        }

        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0) return new RoutingCondition.AnyOf([.. value.EnumerateArray().Select(one => Test(file, kind, ToolArguments.TextOf(one)))]);
        return Test(file, kind, ToolArguments.TextOf(value));
    }

    private static RoutingCondition Test(RoutingText file, string kind, string? text)
    {
        if (string.IsNullOrEmpty(text)) throw Fault(file, $"'{kind}' must be a text with something in it");
        try
        {
            return kind switch
            {
                "file_pattern" => new RoutingCondition.File(kind, text, FilePattern.Compile(text)),
                "file_regex" => new RoutingCondition.File(kind, text, FilePattern.Expression(text)),
                "branch_regex" => new RoutingCondition.Branch(text, FilePattern.Expression(text)),
                "prompt_regex" => new RoutingCondition.Prompt(text, FilePattern.Expression(text)),
                "llm_tag" => new RoutingCondition.Tag(text),
                _ => throw Fault(file, $"there is no condition '{kind}'"),
            };
        }
        catch (RegexParseException fault)
        {
            throw Fault(file, $"'{text}' is no regular expression: {fault.Message}");
        }
    }

    private static void Unique(RoutingText file, IEnumerable<string> names)
    {
        if (names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } twice) throw Fault(file, $"the name '{twice.Key}' stands twice");
    }

    private static string Required(RoutingText file, JsonElement item, string name) =>
        Text(item, name) is { } text && !string.IsNullOrWhiteSpace(text) ? text : throw Fault(file, $"'{name}' is missing or empty in {Shortened(item.GetRawText())}");

    private static IReadOnlyList<string> Texts(JsonElement item, string name) =>
        Member(item, name) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Select(ToolArguments.TextOf).OfType<string>().Where(text => text.Length > 0)] : [];

    private static string? Text(JsonElement item, string name) => Member(item, name) is { } value ? ToolArguments.TextOf(value) : null;

    private static JsonElement? Member(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Shortened(string text) => text.Length <= 80 ? text : text[..80] + "…";

    private static RoutingConfigException Fault(RoutingText file, string problem) => new($"{file.Name}: {problem}.");
}
