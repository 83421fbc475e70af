using Spectre.Console;

namespace LmGateway.Cli.Output;

/// <summary>A column: its head, and whether its cells are figures, which stand to the right.</summary>
internal sealed record Column(string Name, bool Figures = false);

/// <summary>One cell. The style is for terminals; plain text has none.</summary>
internal readonly record struct Cell(string Text, Style? Style = null)
{
    public static implicit operator Cell(string? text) => new(text is { Length: > 0 } ? text : "-");
}

/// <summary>Rows under heads: aligned columns two blanks apart, never cut, in plain text; as wide as the terminal on one.</summary>
internal sealed class TextTable(params Column[] columns)
{
    private readonly List<Cell[]> rows = [];

    public int Count => rows.Count;

    public void Add(params Cell[] cells) => rows.Add(cells);

    public void WritePlain(TextWriter output)
    {
        var widths = columns.Select((column, at) => rows.Select(row => row[at].Text.Length).Append(column.Name.Length).Max()).ToArray();
        WriteRow([.. columns.Select(column => (Cell)column.Name.ToUpperInvariant())]);
        foreach (var row in rows) WriteRow(row);

        void WriteRow(Cell[] cells) => output.WriteLine(string.Join("  ", cells.Select((cell, at) => columns[at].Figures ? cell.Text.PadLeft(widths[at]) : cell.Text.PadRight(widths[at]))).TrimEnd());
    }

    public Table ToSpectre()
    {
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = true };
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column.Name.ToUpperInvariant(), new Style(decoration: Decoration.Bold))) { Alignment = column.Figures ? Justify.Right : Justify.Left });
        foreach (var row in rows) table.AddRow(row.Select(cell => new Text(cell.Text, cell.Style ?? Style.Plain)));
        return table;
    }
}
