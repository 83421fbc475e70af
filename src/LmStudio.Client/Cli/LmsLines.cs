namespace LmStudio.Client.Cli;

/// <summary>
/// Makes lines for people out of what <c>lms</c> prints for a terminal, however it was cut into pieces: no escape codes, no spinners, no
/// progress bars, and a line that is drawn again and again only once.
/// </summary>
internal sealed class LmsLines(IProgress<string> lines)
{
    private const int MaxLine = 4096;
    private const int Remembered = 32;

    private readonly Queue<string> told = new();
    private string rest = "";

    /// <summary>Takes the next piece.</summary>
    public void Add(string piece)
    {
        var text = rest + piece;
        var start = 0;
        for (var end = text.IndexOfAny(['\r', '\n']); end >= 0; end = text.IndexOfAny(['\r', '\n'], start))
        {
            Tell(text[start..end]);
            start = end + 1;
        }

        rest = text.Length - start <= MaxLine ? text[start..] : text[^MaxLine..];
    }

    /// <summary>Nothing more comes.</summary>
    public void End() => Tell(rest);

    private void Tell(string raw)
    {
        var line = LmsOutput.StripEscapes(raw).Trim();
        if (line.Length == 0 || IsSpinner(line[0]) || LmsOutput.TryDownloadProgress(line, out _) || told.Contains(line)) return;
        told.Enqueue(line);
        if (told.Count > Remembered) told.Dequeue();
        lines.Report(line);
    }

    /// <summary>Spinners are drawn with Braille dots.</summary>
    private static bool IsSpinner(char character) => character is >= '\u2800' and <= '\u28ff';
}
