using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LeanNats.Bench;

/// <summary>One measured figure, and the one it has to hold, if there is one.</summary>
internal sealed record Row(string Name, double Value, string Unit)
{
    /// <summary>At most so much.</summary>
    public double? Most { get; init; }

    /// <summary>At least so much.</summary>
    public double? Least { get; init; }

    public bool Holds => !(Value > Most) && !(Value < Least);

    public static string ToJson(IEnumerable<Row> rows)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartArray();
            foreach (var row in rows)
            {
                json.WriteStartObject();
                json.WriteString("name", row.Name);
                json.WriteNumber("value", Math.Round(row.Value, 1));
                json.WriteString("unit", row.Unit);
                if (row.Most is { } most) json.WriteNumber("most", Math.Round(most, 1));
                if (row.Least is { } least) json.WriteNumber("least", Math.Round(least, 1));
                json.WriteBoolean("holds", row.Holds);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }

    public override string ToString()
    {
        var bound = Most is { } most ? $"<= {most:N1}" : Least is { } least ? $">= {least:N1}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{Name,-58} {Value,14:N1} {Unit,-6} {bound,-14} {(Holds ? "" : "MISSED")}");
    }
}
