using System.Text.Json;
using System.Text.Json.Nodes;

namespace LmStudio.Simulator.Tests.WebSockets;

/// <summary>
/// A frame with everything made up taken out: keys, types, ids and the protocol's fixed texts stay; other values become the name of their kind,
/// a list becomes the set of its items' shapes.
/// </summary>
internal static class FrameShape
{
    private static readonly string[] Fixed =
    [
        "callId", "channelId", "warning", "kind", "title", "rootTitle", "code", "actualDomain", "expectedDomain", "success", "stopReason", "reasoningType",
        "identifier", "downloadAction", "state", "level", "json", "meta", "formatted", "downloadIdentifier", "fileType", "version", "build",
    ];

    /// <summary>Lists of which only the form of an item counts: a simulated model has more settings and offers more files.</summary>
    private static readonly string[] Open = ["fields", "results", "downloadOptions", "tokens", "availablePathsSample", "query"];

    public static string Of(string frame) => Shape(JsonNode.Parse(frame), "", "");

    private static string Shape(JsonNode? node, string name, string parent) => node switch
    {
        _ when Fixed.Contains(name) && !IsMadeUp(name, parent) => $"{node?.ToJsonString()}",
        JsonObject json => "{" + string.Join(",", json.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => $"{member.Key}:{Member(member, name)}")) + "}",
        JsonArray list => "[" + string.Join("|", list.Select(item => Open.Contains(name) ? Keys(item) : Shape(item, "", name)).Distinct().Order(StringComparer.Ordinal)) + "]",
        _ when name is "ttlMs" or "lastUsedTime" => "number or null",
        _ => Kind(node),
    };

    private static string Member(KeyValuePair<string, JsonNode?> member, string name) =>
        member.Key == "type" && name is "" or "message" or "data" ? $"{member.Value?.ToJsonString()}" : Shape(member.Value, member.Key, name);

    /// <summary>The name that an upload returns is the server's own, and which of a model's instances answers is its choice.</summary>
    private static bool IsMadeUp(string name, string parent) => name == "identifier" && parent is "result" or "info";

    private static string Keys(JsonNode? item) =>
        item is JsonObject json ? "{" + string.Join(",", json.Select(member => member.Key).Order(StringComparer.Ordinal)) + "}" : Kind(item);

    private static string Kind(JsonNode? node) => node?.GetValueKind() switch
    {
        null => "null",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        var kind => kind.Value.ToString().ToLowerInvariant(),
    };
}
