using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using LmGateway.Configuration;

namespace LmGateway.Tests.Configuration;

/// <summary>Writes the JSON schema of <c>lmgateway.yaml</c> from the settings themselves, for editors that complete and check while somebody types.</summary>
internal static class SettingsSchema
{
    private const string Id = "lmgateway.schema.json";

    public static string Text()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("$schema", "http://json-schema.org/draft-07/schema#");
            json.WriteString("$id", Id);
            json.WriteString("title", "LmGateway settings (lmgateway.yaml)");
            WriteSection(json, [.. SettingTable.All.SelectMany(setting => setting.Keys.Select(key => (key.Split('.'), setting)))], depth: 0);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length) + "\n";
    }

    /// <summary>The members of an object: settings of this depth, and sections that hold deeper ones. An empty section is allowed, and nothing unknown.</summary>
    private static void WriteSection(Utf8JsonWriter json, IReadOnlyList<(string[] Path, SettingDefinition Setting)> settings, int depth)
    {
        WriteTypes(json, "object");
        json.WriteBoolean("additionalProperties", false);
        json.WriteStartObject("properties");
        foreach (var member in settings.GroupBy(entry => entry.Path[depth]))
        {
            json.WriteStartObject(member.Key);
            if (member.First().Path.Length == depth + 1) WriteSetting(json, member.First().Setting);
            else WriteSection(json, [.. member], depth + 1);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteSetting(Utf8JsonWriter json, SettingDefinition setting)
    {
        var about = setting.About;
        json.WriteString("description", about.Unit is null ? about.Description : $"{about.Description} In {about.Unit}.");
        if (setting.Key is not "node" && setting.Show(setting.Default) is { Length: > 0 } usual) WriteDefault(json, setting, usual);
        if (setting.IsList) WriteList(json);
        else if (setting.ValueType == typeof(bool)) WriteFlag(json);
        else if (setting.ValueType.IsEnum) WriteNames(json, [.. Enum.GetNames(setting.ValueType).Select(name => name.ToLowerInvariant())]);
        else if (about.OneOf.Length > 0 && setting.ValueType == typeof(string)) WriteNames(json, about.OneOf);
        else if (setting.ValueType == typeof(string)) WriteTypes(json, "string", "number");
        else WriteNumber(json, setting);
    }

    private static void WriteDefault(Utf8JsonWriter json, SettingDefinition setting, string text)
    {
        json.WritePropertyName("default");
        if (setting.ValueType == typeof(bool)) json.WriteBooleanValue(text == "true");
        else if (setting.ValueType == typeof(int) || setting.ValueType == typeof(long) || setting.ValueType == typeof(double)) json.WriteRawValue(text);
        else json.WriteStringValue(text);
    }

    private static void WriteNumber(Utf8JsonWriter json, SettingDefinition setting)
    {
        WriteTypes(json, setting.ValueType == typeof(double) ? "number" : "integer");
        if (!double.IsInfinity(setting.About.Min)) json.WriteNumber("minimum", setting.About.Min);
        if (!double.IsInfinity(setting.About.Max)) json.WriteNumber("maximum", setting.About.Max);
    }

    /// <summary>A list, or its texts with commas between them.</summary>
    private static void WriteList(Utf8JsonWriter json)
    {
        WriteTypes(json, "array", "string");
        json.WriteStartObject("items");
        json.WriteStartArray("type");
        json.WriteStringValue("string");
        json.WriteStringValue("number");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>With the words that YAML's older version took for flags.</summary>
    private static void WriteFlag(Utf8JsonWriter json)
    {
        json.WriteStartArray("enum");
        json.WriteBooleanValue(true);
        json.WriteBooleanValue(false);
        json.WriteNullValue();
        foreach (var word in new[] { "yes", "no", "on", "off" }) json.WriteStringValue(word);
        json.WriteEndArray();
    }

    private static void WriteNames(Utf8JsonWriter json, IReadOnlyList<string> names)
    {
        json.WriteStartArray("enum");
        foreach (var name in names) json.WriteStringValue(name);
        json.WriteNullValue();
        json.WriteEndArray();
    }

    /// <summary>Everything may be empty, which means unset.</summary>
    private static void WriteTypes(Utf8JsonWriter json, params string[] types)
    {
        json.WriteStartArray("type");
        foreach (var type in types.Append("null")) json.WriteStringValue(type);
        json.WriteEndArray();
    }
}
