using System.Text;

namespace LmStudio.Simulator.Lms;

/// <summary>The bytes of a prompt that nobody can answer, because standard input is closed.</summary>
internal static class LmsPrompt
{
    private const string Advice = "↑↓ navigate • ⏎ select";

    /// <summary>A list to choose from: drawn empty, then twice with its entries, then given up.</summary>
    public static void Select(LmsTerminal terminal, string question, IReadOnlyList<string> entries)
    {
        var head = $"? {question} |";
        var empty = $"{head}\n\n{Advice}";
        var full = $"{head}\n{string.Join('\n', entries.Select((entry, index) => index == 0 ? $"\e[36m❯ {entry}\e[39m" : "  " + entry))}\n\n{Advice}";
        terminal.Prompt(Drawn(empty, head) + Wiped(empty) + Drawn(full, head) + Wiped(full) + Drawn(full, head) + "\n\e[G\e[?25h");
    }

    /// <summary>A yes-or-no question, given up.</summary>
    public static void Confirm(LmsTerminal terminal, string question)
    {
        var text = $"? {question} (Y/n)";
        terminal.Prompt($"{text}\e[{text.Length + 2}G\n\e[G\e[?25h");
    }

    /// <summary>The text, and the cursor moved behind the question and back.</summary>
    private static string Drawn(string text, string head)
    {
        var below = text.Count(sign => sign == '\n');
        return $"{text}\e[{below}A\e[{head.Length + 1}G\e[{below}B";
    }

    private static string Wiped(string text)
    {
        var wipe = new StringBuilder("\e[2K");
        for (var below = text.Count(sign => sign == '\n'); below > 0; below--) wipe.Append("\e[1A\e[2K");
        return wipe.Append("\e[G").ToString();
    }
}
