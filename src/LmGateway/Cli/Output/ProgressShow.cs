using Spectre.Console;
using Spectre.Console.Rendering;

namespace LmGateway.Cli.Output;

/// <summary>How far something is. What is null is not known.</summary>
internal sealed record ProgressFigure(string Title)
{
    /// <summary>From 0 to 1.</summary>
    public double? Fraction { get; init; }

    public long? Bytes { get; init; }
    public long? Total { get; init; }
}

/// <summary>
/// Shows how far something is, on standard error: a bar with speed and remaining time on a terminal, a line for every tenth elsewhere, and
/// nothing to programs.
/// </summary>
internal static class ProgressShow
{
    public static Task<T> RunAsync<T>(CommandOutput output, string title, Func<Action<ProgressFigure>, Task<T>> work)
    {
        if (!output.ShowsProgress) return work(Lines(output));
        return output.Side.Progress().AutoClear(true).HideCompleted(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new BytesColumn(), new RemainingTimeColumn(), new SpinnerColumn(Spinner.Known.Line))
            .StartAsync(screen =>
            {
                var bar = screen.AddTask(Markup.Escape(title), maxValue: 1);
                bar.IsIndeterminate = true;
                return work(figure => Show(bar, figure));
            });
    }

    private static void Show(ProgressTask bar, ProgressFigure figure)
    {
        bar.Description = Markup.Escape(figure.Title);
        if (figure is { Bytes: { } bytes, Total: { } total and > 0 }) (bar.MaxValue, bar.Value) = (total, bytes);
        else if (figure.Fraction is { } fraction) (bar.MaxValue, bar.Value) = (1, fraction);
        bar.IsIndeterminate = figure.Fraction is null && figure.Total is null;
    }

    private static Action<ProgressFigure> Lines(CommandOutput output)
    {
        var (told, tenth) = ("", -1);
        return figure =>
        {
            var fraction = figure.Fraction ?? (figure is { Bytes: { } bytes, Total: { } total and > 0 } ? (double)bytes / total : null);
            var now = fraction is { } known ? (int)(known * 10) : -1;
            if (figure.Title == told && now <= tenth) return;
            (told, tenth) = (figure.Title, now);
            output.Note(now < 0 ? figure.Title : $"{figure.Title}: {now * 10} %");
        };
    }

    /// <summary>Bytes so far, of all, and how fast; nothing for what is not counted in bytes.</summary>
    private sealed class BytesColumn : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            if (task.MaxValue <= 1) return Text.Empty;
            var speed = task.Speed is { } pace and > 0 ? $"  {Figures.Size(pace)}/s" : "";
            return new Text($"{Figures.Size(task.Value)} of {Figures.Size(task.MaxValue)}{speed}");
        }
    }
}
