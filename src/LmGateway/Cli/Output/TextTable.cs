using Spectre.Console;
using Spectre.Console.Rendering;

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
    private const int LeastOfName = 12;

    private readonly List<Cell[]> rows = [];

    public int Count => rows.Count;

    public void Add(params Cell[] cells) => rows.Add(cells);

    public void WritePlain(TextWriter output)
    {
        var widths = Enumerable.Range(0, columns.Length).Select(WidthOf).ToArray();
        WriteRow([.. columns.Select(column => (Cell)column.Name.ToUpperInvariant())]);
        foreach (var row in rows) WriteRow(row);

        void WriteRow(Cell[] cells) => output.WriteLine(string.Join("  ", cells.Select((cell, at) => columns[at].Figures ? cell.Text.PadLeft(widths[at]) : cell.Text.PadRight(widths[at]))).TrimEnd());
    }

    /// <summary>A table, or where the terminal is too narrow for one, each row as lines of their own.</summary>
    public IRenderable ToSpectre(int width) => width >= LeastWidth ? ToTable() : new Rows(rows.SelectMany(ToLines));

    /// <summary>What the figures need, with something left for the names.</summary>
    private int LeastWidth => 2 * LeastOfName + Enumerable.Range(1, Math.Max(0, columns.Length - 2)).Sum(at => WidthOf(at) + 2);

    private int WidthOf(int column) => rows.Select(row => row[column].Text.Length).Append(columns[column].Name.Length).Max();

    private IEnumerable<IRenderable> ToLines(Cell[] row)
    {
        yield return new Text(row[0].Text, new Style(decoration: Decoration.Bold));
        for (var at = 1; at < row.Length; at++) yield return new Text($"  {columns[at].Name}: {row[at].Text}", row[at].Style ?? Style.Plain);
    }

    private Table ToTable()
    {
        var table = new Table { Border = TableBorder.None };
        for (var at = 0; at < columns.Length; at++) table.AddColumn(ToSpectre(columns[at], isFirst: at == 0, isLast: at == columns.Length - 1));
        foreach (var row in rows) table.AddRow(row.Select(cell => new Text(cell.Text, cell.Style ?? Style.Plain)));
        return table;
    }

    /// <summary>Where the terminal is narrow, names go on in the next line, and figures stay in one piece.</summary>
    private static TableColumn ToSpectre(Column column, bool isFirst, bool isLast) => new(new Text(column.Name.ToUpperInvariant(), new Style(decoration: Decoration.Bold)))
    {
        Alignment = column.Figures ? Justify.Right : Justify.Left,
        NoWrap = !isFirst && !isLast,
        Padding = new Padding(0, 0, isLast ? 0 : 2, 0),
    };
}
