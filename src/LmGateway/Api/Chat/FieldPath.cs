using System.Globalization;
using System.Text.Json;

namespace LmGateway.Api.Chat;

/// <summary>Where in a body something stands; FastAPI's <c>loc</c>: <c>["body","messages",0,"role"]</c>.</summary>
internal sealed class FieldPath
{
    private readonly FieldPath? parent;
    private readonly string? name;
    private readonly int index;

    private FieldPath(FieldPath? parent, string? name, int index) => (this.parent, this.name, this.index) = (parent, name, index);

    public static FieldPath Body { get; } = new(null, "body", 0);

    /// <summary>Reads the form that the rest of the gateway names fields in: <c>messages[0].images[1]</c>.</summary>
    public static FieldPath Parse(string parameter)
    {
        var path = Body;
        foreach (var part in parameter.Split(['.', '[', ']'], StringSplitOptions.RemoveEmptyEntries))
            path = int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? path.At(index) : path.Of(part);
        return path;
    }

    public FieldPath Of(string member) => new(this, member, 0);

    public FieldPath At(int position) => new(this, null, position);

    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        WriteParts(writer);
        writer.WriteEndArray();
    }

    private void WriteParts(Utf8JsonWriter writer)
    {
        parent?.WriteParts(writer);
        if (name is null) writer.WriteNumberValue(index);
        else writer.WriteStringValue(name);
    }
}
