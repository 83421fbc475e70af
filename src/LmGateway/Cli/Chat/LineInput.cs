namespace LmGateway.Cli.Chat;

/// <summary>Reads what a person types, a line at a time: with editing and history on a terminal, plainly elsewhere.</summary>
internal sealed class LineInput(CommandSurroundings surroundings, InputHistory history)
{
    /// <summary>Null at the end of the input.</summary>
    public async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        // Nothing can take back a read from a terminal: whoever leaves leaves it behind, and the end of the process ends it.
        var reading = Task.Run(() => surroundings is { OutIsTerminal: true, InIsTerminal: true } ? Edit() : surroundings.In.ReadLine(), CancellationToken.None);
        var line = await reading.WaitAsync(cancellationToken);
        if (line?.Trim() is { Length: > 0 } typed) history.Add(typed);
        return line;
    }

    private string? Edit()
    {
        var editor = new LineEditor(history.Lines);
        while (true)
        {
            surroundings.Out.Write(editor.Draw(surroundings.Width()));
            surroundings.Out.Flush();
            switch (editor.Press(surroundings.ReadKey()))
            {
                case LineEnd.Taken:
                    surroundings.Out.WriteLine();
                    return editor.Text;
                case LineEnd.Left:
                    surroundings.Out.WriteLine();
                    return null;
            }
        }
    }
}
