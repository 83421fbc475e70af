using System.Text.Json;
using LmGateway.Cli.Output;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary>Shows settings and what is wrong with them, to people and to programs. Secrets are masked in all of it.</summary>
internal static class SettingsReport
{
    public static void WriteTable(LoadedSettings loaded, CommandOutput output)
    {
        var table = new TextTable(new Column("setting"), new Column("value"), new Column("source"));
        foreach (var setting in loaded.Effective) table.Add(setting.Key, Value(setting), setting.Source.Text);
        output.Table(table);
        foreach (var warning in loaded.Warnings) output.Line($"warning: {warning}");
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
