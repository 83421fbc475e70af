namespace LmStudio.Simulator.Lms;

/// <summary>A command's options and operands.</summary>
internal sealed class CommandLine
{
    private static readonly string[] Everywhere = ["log-level=", "verbose", "quiet"];

    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);

    public List<string> Operands { get; } = [];

    /// <summary>The value of an option (empty for a switch), or null.</summary>
    public string? this[string option] => _options.GetValueOrDefault(option);

    public bool Has(string option) => _options.ContainsKey(option);

    /// <summary>
    /// Reads arguments; <paramref name="options"/> are written <c>yes|y</c> for a switch with a short form and <c>gpu=</c> for one with a value.
    /// The logging options are known everywhere.
    /// </summary>
    /// <exception cref="LmsExit">An option is unknown or lacks its value.</exception>
    public static CommandLine Parse(IEnumerable<string> arguments, params string[] options)
    {
        var line = new CommandLine();
        var known = Everywhere.Concat(options).ToList();
        using var rest = arguments.GetEnumerator();
        while (rest.MoveNext())
        {
            var argument = rest.Current;
            if (!argument.StartsWith('-') || argument == "-")
            {
                line.Operands.Add(argument);
                continue;
            }

            var equals = argument.StartsWith("--", StringComparison.Ordinal) ? argument.IndexOf('=') : -1;
            var written = equals < 0 ? argument : argument[..equals];
            var option = known.FirstOrDefault(candidate => Forms(candidate).Contains(written)) ?? throw LmsExit.Usage($"unknown option '{written}'");
            var name = option.TrimEnd('=').Split('|')[0];
            if (!option.EndsWith('=')) line._options[name] = "";
            else if (equals >= 0) line._options[name] = argument[(equals + 1)..];
            else line._options[name] = rest.MoveNext() ? rest.Current : throw LmsExit.Usage($"option '--{name} <value>' argument missing");
        }

        return line;
    }

    private static IEnumerable<string> Forms(string option) =>
        option.TrimEnd('=').Split('|').Select(form => form.Length == 1 ? "-" + form : "--" + form);
}
