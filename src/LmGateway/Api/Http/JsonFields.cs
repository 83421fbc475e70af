using System.Text.Json;
using System.Text.Unicode;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Http;

/// <summary>
/// Reads the fields of a small JSON body, collecting every fault instead of stopping at the first. Names are compared without case and
/// underscores, so that <c>modelKey</c> and <c>model_key</c> are one. A field that is null counts as absent; of one
/// that stands twice the last counts.
/// </summary>
internal sealed class JsonFields
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private readonly List<(string Name, JsonElement Value)> members;
    private readonly string path;
    private readonly List<string> faults;
    private readonly HashSet<string> read = [];

    private JsonFields(JsonElement element, string path, List<string> faults)
    {
        members = element.ValueKind == JsonValueKind.Object ? [.. element.EnumerateObject().Select(property => (NameOf(property), property.Value))] : [];
        this.path = path;
        this.faults = faults;
    }

    /// <summary>Every fault found so far, each naming its field.</summary>
    public IReadOnlyList<string> Faults => faults;

    /// <summary>The fields of a body that must be a JSON object. Nothing at all counts as an empty object.</summary>
    public static JsonFields Of(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(Checked(body));
            if (document.RootElement.ValueKind == JsonValueKind.Object) return new JsonFields(document.RootElement.Clone(), "", []);
        }
        catch (JsonException fault)
        {
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, "Invalid JSON") { Details = [JsonFault.Describe(fault)] }, fault);
        }

        throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, "Validation failed") { Details = ["the body must be a JSON object"] });
    }

    public void ThrowOnFaults()
    {
        if (faults.Count > 0) throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, "Validation failed") { Details = [.. faults] });
    }

    public void Fault(string name, string problem) => faults.Add($"{path}{name}: {problem}");

    public string? Text(params string[] names)
    {
        if (Find(names) is not { } value) return null;
        if (TextOf(value) is { Length: > 0 and <= 1024 } text && !text.Any(char.IsControl)) return text;
        Fault(names[0], "a text of 1 to 1024 characters is expected");
        return null;
    }

    public string RequiredText(params string[] names)
    {
        var before = faults.Count;
        var text = Text(names);
        if (text is null && faults.Count == before) Fault(names[0], "is required");
        return text ?? "";
    }

    public bool? Flag(params string[] names)
    {
        if (Find(names) is not { } value) return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        Fault(names[0], "true or false is expected");
        return null;
    }

    public int? Whole(int min, int max, params string[] names)
    {
        if (Find(names) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number == Math.Floor(number) && number >= min && number <= max) return (int)number;
        Fault(names[0], $"a whole number from {min} to {max} is expected");
        return null;
    }

    public double? Number(double min, double max, params string[] names)
    {
        if (Find(names) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max) return number;
        Fault(names[0], double.IsPositiveInfinity(max) ? $"a number from {min} up is expected" : $"a number from {min} to {max} is expected");
        return null;
    }

    public IReadOnlyList<string>? Texts(params string[] names)
    {
        if (Find(names) is not { } value) return null;
        if (TextOf(value) is { } single) return [single];
        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => TextOf(item) is not null)) return [.. value.EnumerateArray().Select(item => TextOf(item)!)];
        Fault(names[0], "a list of texts is expected");
        return null;
    }

    public IReadOnlyList<int>? Wholes(params string[] names)
    {
        if (Find(names) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out _)))
            return [.. value.EnumerateArray().Select(item => item.GetInt32())];
        Fault(names[0], "a list of whole numbers is expected");
        return null;
    }

    /// <summary>A nested object; one without fields where it is absent.</summary>
    public JsonFields Section(params string[] names)
    {
        var value = Find(names);
        if (value is { ValueKind: not JsonValueKind.Object }) Fault(names[0], "an object is expected");
        return new JsonFields(value is { ValueKind: JsonValueKind.Object } section ? section : default, $"{path}{names[0]}.", faults);
    }

    public JsonElement? Raw(params string[] names) => Find(names);

    /// <summary>Fields that nobody asked for, with their values as text.</summary>
    public IEnumerable<(string Name, string Value)> Unread() => members
        .Where(member => member.Value.ValueKind != JsonValueKind.Null && !read.Contains(Plain(member.Name)))
        .Select(member => (path + member.Name, member.Value.GetRawText()));

    /// <summary>Without a byte order mark, and UTF-8 throughout: the JSON reader itself does not look inside strings.</summary>
    private static ReadOnlyMemory<byte> Checked(ReadOnlyMemory<byte> body)
    {
        if (body.Span.StartsWith(ByteOrderMark)) body = body[ByteOrderMark.Length..];
        if (body.IsEmpty) return "{}"u8.ToArray();
        return Utf8.IsValid(body.Span) ? body : throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, "Invalid JSON") { Details = ["The request body is not valid UTF-8."] });
    }

    private JsonElement? Find(string[] names)
    {
        foreach (var name in names) read.Add(Plain(name));
        foreach (var name in names)
        {
            var (_, value) = members.LastOrDefault(member => Plain(member.Name) == Plain(name));
            if (value.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null)) return value;
        }

        return null;
    }

    /// <summary>Null for what is no string, and for a string whose escapes make no text (half a surrogate pair).</summary>
    private static string? TextOf(JsonElement value)
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

    private static string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return "\uFFFD";
        }
    }

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
}
