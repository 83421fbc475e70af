using System.Text.Json;
using System.Text.Json.Nodes;

namespace LmStudio.Simulator.WebSockets;

/// <summary>Small pieces of JSON that several endpoints put together.</summary>
internal static class Json
{
    public static JsonArray Texts(IEnumerable<string> texts) => List(texts.Select(text => JsonValue.Create(text)));

    public static JsonArray List(IEnumerable<JsonNode?> items) => new([.. items]);

    /// <summary>A copy of what came in.</summary>
    public static JsonNode? Node(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        JsonValueKind.Null => null,
        _ => JsonValue.Create(element),
    };

    /// <summary>Adds a member only when there is something to say: the protocol has no nulls where it has options.</summary>
    public static JsonObject With(this JsonObject json, string name, JsonNode? value)
    {
        if (value is not null) json[name] = value;
        return json;
    }
}
