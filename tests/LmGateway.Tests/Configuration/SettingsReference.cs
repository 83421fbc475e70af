using System.Text;
using LmGateway.Configuration;

namespace LmGateway.Tests.Configuration;

/// <summary>Writes the example file and the tables of the documentation from the settings themselves.</summary>
internal static class SettingsReference
{
    public const string Start = "<!-- settings -->\n";
    public const string End = "<!-- /settings -->";

    /// <summary>Every setting with its default; one that has none, or one that depends on the machine, is a comment with an example.</summary>
    public static string ExampleYaml()
    {
        var yaml = new StringBuilder(
            "# yaml-language-server: $schema=./lmgateway.schema.json\n" +
            "# Every setting of LmGateway with its default. Copy this file to lmgateway.yaml and keep what you change.\n" +
            "# What a setting takes stands in brackets. docs/configuration.md has the names in the environment.\n");
        string[] open = [];
        foreach (var setting in SettingTable.All)
        {
            var parts = setting.Key.Split('.');
            var sections = parts[..^1];
            var same = open.Zip(sections).TakeWhile(pair => pair.First == pair.Second).Count();
            if (same == 0) yaml.Append('\n');
            for (var depth = same; depth < sections.Length; depth++)
                yaml.Append(Indent(depth)).Append(sections[depth]).Append(":\n");
            open = sections;
            var indent = Indent(sections.Length);
            yaml.Append(indent).Append("# ").Append(setting.About.Description).Append(" [").Append(Takes(setting)).Append("]\n");
            yaml.Append(indent).Append(HasFixedDefault(setting)
                ? $"{parts[^1]}: {YamlText(setting, setting.Show(setting.Default))}\n"
                : $"# {parts[^1]}: {YamlText(setting, Example(setting))}\n");
        }

        return yaml.ToString();
    }

    public static string Tables()
    {
        var page = new StringBuilder();
        foreach (var section in SettingTable.All.GroupBy(setting => setting.Key.Contains('.', StringComparison.Ordinal) ? setting.Key.Split('.')[0] : ""))
        {
            page.Append(section.Key.Length == 0 ? "### The process\n\n" : $"### {section.Key}\n\n");
            page.Append("| key | default | takes | names in the environment | what it does | a change comes into force |\n| --- | --- | --- | --- | --- | --- |\n");
            foreach (var setting in section)
                page.Append($"| `{setting.Key}` | {Default(setting)} | {Cell(Takes(setting))} | {Names(setting)} | {Cell(setting.About.Description)} | {(setting.About.Restart ? "with the next start" : "at a reload")} |\n");
            page.Append('\n');
        }

        page.Append("### Names that are accepted and not read yet\n\nA `.env` that holds these is a good one.\n\n| name | belongs to |\n| --- | --- |\n");
        foreach (var (name, note) in ReservedNames.Notes)
            page.Append($"| `{name}` | {note} |\n");
        return page.ToString();
    }

    private static bool HasFixedDefault(SettingDefinition setting) => setting.Key != "node" && setting.Show(setting.Default).Length > 0;

    private static string Example(SettingDefinition setting) => setting.About.Example ?? setting.About.OneOf[0];

    private static string Takes(SettingDefinition setting) =>
        setting.IsList ? $"a list, each {SettingExpectation.Values(setting)}" : SettingExpectation.Values(setting);

    private static string YamlText(SettingDefinition setting, string text)
    {
        var value = text.StartsWith('*') || text.StartsWith('~') ? $"\"{text}\"" : text;
        return setting.IsList ? $"[{value}]" : value;
    }

    private static string Default(SettingDefinition setting) =>
        setting.Key switch
        {
            "node" => "the machine's name",
            "state_dir" => "the user's configuration folder",
            _ => HasFixedDefault(setting) ? $"`{setting.Show(setting.Default)}`" : "",
        };

    private static string Names(SettingDefinition setting) => string.Join(" ", setting.EnvironmentNames.Select(name => $"`{name}`"));

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal);

    private static string Indent(int depth) => new(' ', depth * 2);
}
