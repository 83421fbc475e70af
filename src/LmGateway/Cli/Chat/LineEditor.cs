using System.Text;

namespace LmGateway.Cli.Chat;

/// <summary>What a key did to the line.</summary>
internal enum LineEnd
{
    /// <summary>It is still being typed.</summary>
    None,

    /// <summary>Enter.</summary>
    Taken,

    /// <summary>Ctrl+D on an empty line.</summary>
    Left,
}

/// <summary>One line being typed, with the keys that shells have. A line longer than the terminal slides, so that it never wraps.</summary>
internal sealed class LineEditor(IReadOnlyList<string> history)
{
    private const string Prompt = "> ";

    private readonly StringBuilder text = new();
    private int cursor;
    private int place = history.Count;
    private string draft = "";

    public string Text => text.ToString();

    public LineEnd Press(ConsoleKeyInfo key)
    {
        var control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        switch (key.Key)
        {
            case ConsoleKey.Enter: return LineEnd.Taken;
            case ConsoleKey.D when control && text.Length == 0: return LineEnd.Left;
            case ConsoleKey.D when control:
            case ConsoleKey.Delete:
                if (cursor < text.Length) text.Remove(cursor, 1);
                break;
            case ConsoleKey.Backspace:
                if (cursor > 0) text.Remove(--cursor, 1);
                break;
            case ConsoleKey.LeftArrow: cursor = Math.Max(0, cursor - 1); break;
            case ConsoleKey.RightArrow: cursor = Math.Min(text.Length, cursor + 1); break;
            case ConsoleKey.Home:
            case ConsoleKey.A when control: cursor = 0; break;
            case ConsoleKey.End:
            case ConsoleKey.E when control: cursor = text.Length; break;
            case ConsoleKey.UpArrow: Recall(-1); break;
            case ConsoleKey.DownArrow: Recall(1); break;
            case ConsoleKey.K when control: text.Length = cursor; break;
            case ConsoleKey.U when control:
                text.Remove(0, cursor);
                cursor = 0;
                break;
            case ConsoleKey.W when control: RemoveWord(); break;
            default:
                if (!char.IsControl(key.KeyChar)) text.Insert(cursor++, key.KeyChar);
                break;
        }

        return LineEnd.None;
    }

    /// <summary>What to write so that the terminal's line shows this one.</summary>
    public string Draw(int width)
    {
        var room = Math.Max(8, width - Prompt.Length - 1);
        var from = Math.Max(0, cursor - room);
        var seen = text.ToString(from, Math.Min(room, text.Length - from));
        return $"\r{Prompt}{seen}\e[K\r\e[{Prompt.Length + cursor - from}C";
    }

    private void Recall(int step)
    {
        var next = place + step;
        if (next < 0 || next > history.Count) return;
        if (place == history.Count) draft = Text;
        place = next;
        text.Clear().Append(place == history.Count ? draft : history[place]);
        cursor = text.Length;
    }

    private void RemoveWord()
    {
        var from = cursor;
        while (from > 0 && text[from - 1] == ' ') from--;
        while (from > 0 && text[from - 1] != ' ') from--;
        text.Remove(from, cursor - from);
        cursor = from;
    }
}
