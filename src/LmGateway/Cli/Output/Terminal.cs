using System.Text;
using Spectre.Console;

namespace LmGateway.Cli.Output;

/// <summary>The console that draws for people: escape codes only on a terminal that knows them, colours only where nobody forbade them.</summary>
internal static class Terminal
{
    /// <summary>On standard output, or on standard error.</summary>
    public static IAnsiConsole Open(CommandSurroundings surroundings, bool error = false)
    {
        var isTerminal = error ? surroundings.ErrorIsTerminal : surroundings.OutIsTerminal;
        var knowsCodes = isTerminal && surroundings.Variable("TERM") != "dumb";
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new Paper(error ? surroundings.Error : surroundings.Out, isTerminal, surroundings.Width),
            // On Windows the console has to be told that codes will come.
            Ansi = !knowsCodes ? AnsiSupport.No : OperatingSystem.IsWindows() ? AnsiSupport.Detect : AnsiSupport.Yes,
            ColorSystem = knowsCodes && surroundings.Variable("NO_COLOR") is null ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = knowsCodes ? InteractionSupport.Yes : InteractionSupport.No,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Capabilities.Unicode = true;
        return console;
    }

    /// <summary>Where the console writes, and how wide it is there.</summary>
    private sealed class Paper(TextWriter writer, bool isTerminal, Func<int> width) : IAnsiConsoleOutput
    {
        public TextWriter Writer { get; } = writer;

        public bool IsTerminal => isTerminal;

        public int Width => Math.Max(20, width());

        public int Height => 24;

        public void SetEncoding(Encoding encoding)
        {
            // The program's own encoding is right already.
        }
    }
}
