using System.Text.RegularExpressions;
using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Configuration;

/// <summary>What is written about settings is true. LMGATEWAY_WRITE_DOCS=1 writes the generated parts anew.</summary>
public sealed class SettingsReferenceTests
{
    private static readonly bool Write = Environment.GetEnvironmentVariable("LMGATEWAY_WRITE_DOCS") == "1";
    private static readonly string ExamplePath = Path.Combine(Repository.Root, "lmgateway.example.yaml");
    private static readonly string SchemaPath = Path.Combine(Repository.Root, "lmgateway.schema.json");
    private static readonly string PagePath = Path.Combine(Repository.Root, "docs", "configuration.md");

    [Fact]
    public void The_example_file_is_up_to_date()
    {
        if (Write) File.WriteAllText(ExamplePath, SettingsReference.ExampleYaml());

        Assert.Equal(SettingsReference.ExampleYaml(), File.ReadAllText(ExamplePath));
    }

    [Fact]
    public void The_schema_is_up_to_date()
    {
        if (Write) File.WriteAllText(SchemaPath, SettingsSchema.Text());

        Assert.Equal(SettingsSchema.Text(), File.ReadAllText(SchemaPath));
    }

    [Fact]
    public void The_tables_of_the_configuration_page_are_up_to_date()
    {
        var page = File.ReadAllText(PagePath);
        var start = page.IndexOf(SettingsReference.Start, StringComparison.Ordinal) + SettingsReference.Start.Length;
        var end = page.IndexOf(SettingsReference.End, start, StringComparison.Ordinal);
        if (Write) File.WriteAllText(PagePath, page[..start] + SettingsReference.Tables() + page[end..]);
        else Assert.Equal(SettingsReference.Tables(), page[start..end]);
    }

    [Fact]
    public void The_example_file_loads_and_changes_nothing()
    {
        var loaded = Given.FromYaml(File.ReadAllText(ExamplePath));

        Assert.Empty(loaded.Errors);
        Assert.Empty(loaded.Warnings);
        Assert.Equal(Given.Nothing().Effective.Select(setting => (setting.Key, setting.Text)), loaded.Effective.Select(setting => (setting.Key, setting.Text)));
        Assert.False(loaded.Options.Inference.IsProviderContract);
    }

    [Fact]
    public void The_examples_in_its_comments_are_good_and_nothing_is_missing()
    {
        var yaml = Regex.Replace(File.ReadAllText(ExamplePath), @"^(?<indent> *)# (?<entry>[a-z_]+: )", "${indent}${entry}", RegexOptions.Multiline, TimeSpan.FromSeconds(10));

        var loaded = Given.FromYaml(yaml);

        Assert.Empty(loaded.Errors);
        Assert.All(loaded.Effective, setting => Assert.Equal(LayerKind.File, setting.Source.Layer));
    }

    [Fact]
    public void Every_unset_setting_has_an_example_and_every_description_is_a_sentence() =>
        Assert.All(SettingTable.All, setting =>
        {
            Assert.True(setting.Show(setting.Default).Length > 0 || setting.About.Example is not null || setting.About.OneOf.Length > 0, setting.Key);
            Assert.EndsWith(".", setting.About.Description, StringComparison.Ordinal);
        });

    [Fact]
    public void The_dot_env_example_loads_and_its_comments_hold_only_known_names()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, ".env.example"));

        var loaded = Given.FromDotEnv(text);
        var names = Regex.Matches(text, "^#? ?(?<name>[A-Z_]+)=", RegexOptions.Multiline, TimeSpan.FromSeconds(10)).Select(match => match.Groups["name"].Value).ToList();

        Assert.Empty(loaded.Errors);
        Assert.Empty(loaded.Warnings);
        Assert.Equal(16, names.Count);
        Assert.All(names, name => Assert.True(SettingTable.HasEnvironmentName(name), name));
    }
}
