using System.Globalization;
using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary>
/// The arguments of a call, each checked as it is read: what is missing, of a wrong kind or unknown is told by its name, because the
/// caller is a model that can mend it. A null counts as absent.
/// </summary>
internal sealed class ToolArguments(IReadOnlyDictionary<string, JsonElement> values)
{
    public static ToolArguments None { get; } = new(new Dictionary<string, JsonElement>(StringComparer.Ordinal));

    public static ToolArguments Of(IDictionary<string, JsonElement>? values) =>
        values is null ? None : new ToolArguments(new Dictionary<string, JsonElement>(values, StringComparer.Ordinal));

    /// <summary>Refuses names that the schema does not have.</summary>
    public void CheckAgainst(JsonElement schema)
    {
        var known = schema.GetProperty("properties").EnumerateObject().Select(property => property.Name).ToList();
        foreach (var name in values.Keys)
            if (!known.Contains(name)) throw Fault(name, $"Unknown argument: {name}. {(known.Count == 0 ? "This tool takes none." : $"Known: {string.Join(", ", known)}.")}");
    }

    public JsonElement? Find(string name) =>
        values.TryGetValue(name, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? value : null;

    public string? Text(string name)
    {
        if (Find(name) is not { } value) return null;
        return TextOf(value) ?? throw Fault(name, $"Field '{name}' must be a text.");
    }

    public string RequiredText(string name) =>
        Text(name) is { } text && !string.IsNullOrWhiteSpace(text) ? text : throw Fault(name, $"Missing required field: {name}");

    /// <summary>A name of something: short, and on one line.</summary>
    public string? Name(string name)
    {
        if (Text(name) is not { Length: > 0 } text) return null;
        return text.Length <= 1024 && !text.Any(char.IsControl) ? text : throw Fault(name, $"Field '{name}' must be a name of at most 1024 characters.");
    }

    public string RequiredName(string name) => Name(name) ?? throw Fault(name, $"Missing required field: {name}");

    public double? Number(string name, double least, double most)
    {
        if (Find(name) is not { } value) return null;
        var number = value.ValueKind switch
        {
            JsonValueKind.Number => value.GetDouble(),
            JsonValueKind.String when double.TryParse(TextOf(value), NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) => parsed,
            _ => double.NaN,
        };
        return number >= least && number <= most ? number : throw Fault(name, $"Field '{name}' must be a number from {least:0.###} to {most:0.###}.");
    }

    public int? Whole(string name, int least, int most)
    {
        if (Number(name, least, most) is not { } number) return null;
        return number == Math.Floor(number) ? (int)number : throw Fault(name, $"Field '{name}' must be a whole number.");
    }

    public bool Flag(string name) => Find(name) is { } value && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String when bool.TryParse(TextOf(value), out var parsed) => parsed,
        _ => throw Fault(name, $"Field '{name}' must be true or false."),
    };

    /// <summary>A list of texts; a single text is a list of one.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        if (Find(name) is not { } value) return [];
        if (TextOf(value) is { } single) return [single];
        if (value.ValueKind != JsonValueKind.Array) throw Fault(name, $"Field '{name}' must be a list of texts.");
        return [.. value.EnumerateArray().Select(item => TextOf(item) ?? throw Fault(name, $"Field '{name}' must hold texts only."))];
    }

    public static GatewayException Fault(string name, string message) =>
        new(new GatewayError(ErrorCode.InvalidRequest, message) { Parameter = name });

    /// <summary>Null for what is no text, also for half of a surrogate pair.</summary>
    public static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
