using System.Text;

namespace LmGateway.Configuration;

/// <summary>
/// Reads a <c>.env</c> file as a shell would: <c>NAME=value</c>, an optional <c>export</c>, comments, single quotes as they are,
/// double quotes with escapes; a quoted value may run over several lines. Variables inside values are left alone.
/// </summary>
internal static class DotEnvFile
{
    public static SettingsLayer Read(SettingsText? file, SettingsProblems problems) =>
        SettingsLayer.Of(LayerKind.DotEnv, file is null ? [] : Entries(file, problems));

    private static IEnumerable<RawValue> Entries(SettingsText file, SettingsProblems problems)
    {
        var lines = file.Text.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var source = new SettingSource(LayerKind.DotEnv, $"{file.Name} line {i + 1}");
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            if (line.StartsWith("export ", StringComparison.Ordinal)) line = line["export ".Length..].TrimStart();
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? "" : line[..equals].TrimEnd();
            if (!IsName(name))
            {
                problems.Warnings.Add($"{source} is ignored: NAME=value is expected.");
                continue;
            }

            var text = line[(equals + 1)..].TrimStart();
            if (text is not [('"' or '\'') and var quote, ..])
            {
                yield return new RawValue(name, WithoutComment(text), source);
                continue;
            }

            if (Quoted(text[1..], lines, i, quote) is not var (value, last))
            {
                problems.Warnings.Add($"{source} is ignored: the closing {quote} is missing.");
                continue;
            }

            i = last;
            yield return new RawValue(name, value, source);
        }
    }

    private static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '.' or '-');

    private static string WithoutComment(string text)
    {
        if (text.StartsWith('#')) return "";
        for (var i = 1; i < text.Length; i++)
            if (text[i] == '#' && char.IsWhiteSpace(text[i - 1])) return text[..i].TrimEnd();
        return text;
    }

    /// <summary>The text up to the closing quote, and the line that has it; null where no line has.</summary>
    private static (string Value, int LastLine)? Quoted(string first, string[] lines, int line, char quote)
    {
        var value = new StringBuilder();
        for (var text = first; ; text = lines[line])
        {
            for (var i = 0; i < text.Length; i++)
            {
                if (text[i] == quote) return (value.ToString(), line);
                if (text[i] == '\\' && quote == '"' && i + 1 < text.Length) value.Append(Unescaped(text[++i]));
                else value.Append(text[i]);
            }

            if (++line == lines.Length) return null;
            value.Append('\n');
        }
    }

    private static string Unescaped(char letter) => letter switch
    {
        'n' => "\n",
        'r' => "\r",
        't' => "\t",
        '"' or '\\' or '$' => letter.ToString(),
        _ => "\\" + letter,
    };
}
