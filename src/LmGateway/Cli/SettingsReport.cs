using System.Text.Json;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary>Shows settings and what is wrong with them, to people and to programs. Secrets are masked in all of it.</summary>
internal static class SettingsReport
{
    public static void WriteErrors(LoadedSettings loaded, TextWriter output)
    {
        output.WriteLine(loaded.Errors.Count == 1 ? "One setting must be corrected:" : $"{loaded.Errors.Count} settings must be corrected:");
        for (var i = 0; i < loaded.Errors.Count; i++)
            output.WriteLine($"  {i + 1}. {loaded.Errors[i]}");
    }

    public static void WriteTable(LoadedSettings loaded, TextWriter output)
    {
        (string Key, string Value, string Source)[] rows =
            [("SETTING", "VALUE", "SOURCE"), .. loaded.Effective.Select(setting => (setting.Key, Value(setting), setting.Source.Text))];
        var (keyWidth, valueWidth) = (rows.Max(row => row.Key.Length), rows.Max(row => row.Value.Length));
        foreach (var (key, value, source) in rows)
            output.WriteLine($"{key.PadRight(keyWidth)}  {value.PadRight(valueWidth)}  {source}");
        foreach (var warning in loaded.Warnings)
            output.WriteLine($"warning: {warning}");
    }

    /// <summary>Settings, warnings and errors as members of an object that is open.</summary>
    public static void WriteMembers(Utf8JsonWriter writer, LoadedSettings loaded)
    {
        writer.WriteStartArray("settings");
        foreach (var setting in loaded.Effective) WriteSetting(writer, setting);
        writer.WriteEndArray();
        writer.WriteStartArray("warnings");
        foreach (var warning in loaded.Warnings) writer.WriteStringValue(warning);
        writer.WriteEndArray();
        writer.WriteStartArray("errors");
        foreach (var error in loaded.Errors) WriteError(writer, error);
        writer.WriteEndArray();
    }

    private static string Value(EffectiveSetting setting) =>
        setting.Value is null || setting.Setting.About.Unit is not { } unit ? setting.Text : $"{setting.Text} {unit}";

    private static void WriteSetting(Utf8JsonWriter writer, EffectiveSetting setting)
    {
        writer.WriteStartObject();
        writer.WriteString("key", setting.Key);
        writer.WritePropertyName("value");
        WriteValue(writer, setting);
        writer.WriteString("source", setting.Source.Text);
        if (setting.Setting.About.Unit is { } unit) writer.WriteString("unit", unit);
        writer.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter writer, EffectiveSetting setting)
    {
        switch (setting.Value)
        {
            case null: writer.WriteNullValue(); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case int number: writer.WriteNumberValue(number); break;
            case long number: writer.WriteNumberValue(number); break;
            case double number: writer.WriteNumberValue(number); break;
            case IReadOnlyList<string> items:
                writer.WriteStartArray();
                foreach (var item in items) writer.WriteStringValue(item);
                writer.WriteEndArray();
                break;
            default: writer.WriteStringValue(setting.Text); break;
        }
    }

    private static void WriteError(Utf8JsonWriter writer, SettingError error)
    {
        writer.WriteStartObject();
        writer.WriteString("key", error.Key);
        writer.WriteString("value", error.Value);
        writer.WriteString("source", error.Source);
        writer.WriteString("fix", error.Fix);
        writer.WriteEndObject();
    }
}
