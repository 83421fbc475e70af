using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LmGateway.Configuration;

/// <summary>Reads <c>lmgateway.yaml</c> into dotted keys with line numbers. A key that no setting has is an error.</summary>
internal sealed class YamlFile(SettingsText file, SettingsProblems problems)
{
    private readonly List<RawValue> _values = [];

    public static SettingsLayer Read(SettingsText? file, SettingsProblems problems) =>
        SettingsLayer.Of(LayerKind.File, file is null ? [] : new YamlFile(file, problems).Values());

    private List<RawValue> Values()
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(file.Text));
            if (stream.Documents.Count > 1)
                problems.Errors.Add(new SettingError(null, null, Place(stream.Documents[1].RootNode), "one document is expected, without ---"));
            else if (stream.Documents.Count == 1)
                ReadSection("", stream.Documents[0].RootNode);
        }
        catch (YamlException error)
        {
            problems.Errors.Add(new SettingError(null, null, $"{file.Name} line {TabbedLine() ?? error.Start.Line}", $"this is not valid YAML: {error.InnerException?.Message ?? error.Message}"));
        }

        return _values;
    }

    /// <summary>The first line that a tab indents, which YAML forbids; the reader tells only where the section around it begins.</summary>
    private int? TabbedLine()
    {
        var lines = file.Text.Split('\n');
        var at = Array.FindIndex(lines, line => line[..^line.TrimStart().Length].Contains('\t', StringComparison.Ordinal));
        return at < 0 ? null : at + 1;
    }

    private void ReadSection(string path, YamlNode node)
    {
        if (IsEmpty(node)) return;
        if (node is not YamlMappingNode section)
        {
            var key = path.Length == 0 ? null : path;
            problems.Errors.Add(new SettingError(key, null, Place(node), path.Length == 0
                ? "sections such as 'lmstudio:' are expected"
                : $"this is a section: indented keys below it are expected, such as {SettingTable.Keys.First(known => known.StartsWith(path + ".", StringComparison.Ordinal))}"));
            return;
        }

        foreach (var (name, value) in section.Children)
        {
            var key = name is YamlScalarNode { Value: { } text } ? text : name.ToString();
            ReadEntry(path.Length == 0 ? key : $"{path}.{key}", name, value);
        }
    }

    private void ReadEntry(string key, YamlNode name, YamlNode value)
    {
        if (SettingTable.HasKey(key)) ReadValue(key, value);
        else if (SettingTable.IsSection(key)) ReadSection(key, value);
        else problems.Errors.Add(UnknownSetting.Error(key, Place(name)));
    }

    private void ReadValue(string key, YamlNode node)
    {
        var source = new SettingSource(LayerKind.File, Place(node));
        if (IsEmpty(node)) return;
        if (node is YamlScalarNode scalar)
        {
            _values.Add(new RawValue(key, (scalar.Value ?? "").Trim(), source));
        }
        else if (node is YamlSequenceNode sequence && sequence.Children.All(child => child is YamlScalarNode))
        {
            string[] items = [.. sequence.Children.Where(child => !IsEmpty(child)).Select(child => ((YamlScalarNode)child).Value!.Trim())];
            _values.Add(new RawValue(key, string.Join(", ", items), source, items));
        }
        else if (node is YamlSequenceNode entries && SettingTable.Of(key).About.Form == SettingForm.ApiKey)
        {
            string[] items = [.. entries.Children.Where(child => !IsEmpty(child)).Select(child => EntryText(key, child))];
            _values.Add(new RawValue(key, string.Join(", ", items), source, items));
        }
        else
        {
            problems.Errors.Add(new SettingError(key, null, source.Text, $"{SettingExpectation.Values(SettingTable.Of(key))} is expected, not keys below it"));
        }
    }

    /// <summary>A mapping as the text that stands for it elsewhere: <c>name=value</c> between blanks.</summary>
    private string EntryText(string key, YamlNode node)
    {
        if (node is YamlScalarNode { Value: { } text }) return text.Trim();
        var fields = new List<string>();
        foreach (var (name, value) in node is YamlMappingNode mapping ? mapping.Children.AsEnumerable() : [])
        {
            if (IsEmpty(value)) continue;
            string?[] items = value is YamlSequenceNode list ? [.. list.Children.Select(child => (child as YamlScalarNode)?.Value)] : [(value as YamlScalarNode)?.Value];
            if (items.All(item => item is not null && !item.Any(letter => char.IsWhiteSpace(letter) || letter == KeyEntry.ItemSeparator))) fields.Add($"{name}={string.Join(KeyEntry.ItemSeparator, items)}");
            else problems.Errors.Add(new SettingError($"{key}.{name}", null, Place(value), $"a value, or a list of values, without blanks and '{KeyEntry.ItemSeparator}' is expected"));
        }

        return string.Join(' ', fields);
    }

    /// <summary>Nothing, <c>null</c> and <c>~</c> all mean unset.</summary>
    private static bool IsEmpty(YamlNode node) =>
        node is YamlScalarNode { Value: null or "" } or YamlScalarNode { Style: ScalarStyle.Plain, Value: "null" or "Null" or "NULL" or "~" };

    private string Place(YamlNode node) => $"{file.Name} line {node.Start.Line}";
}
