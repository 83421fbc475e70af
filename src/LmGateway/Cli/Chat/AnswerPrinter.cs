using LmGateway.Cli.Output;
using LmGateway.Cli.Service;
using Spectre.Console;

namespace LmGateway.Cli.Chat;

/// <summary>Prints an answer as it comes. On a terminal the model's thoughts are dim and the speed follows; into a pipe goes the answer alone.</summary>
internal sealed class AnswerPrinter(ServiceCall call)
{
    private const string Dim = "\e[2m";
    private const string Plain = "\e[0m";

    private bool isDim;
    private string last = "";

    public void Print(Piece piece)
    {
        if (call.Output.Json || (piece.IsReasoning && !call.Output.IsTerminal)) return;
        Shade(piece.IsReasoning);
        call.Surroundings.Out.Write(piece.Text);
        call.Surroundings.Out.Flush();
        last = piece.Text;
    }

    /// <summary>Ends the line, and tells the speed to people.</summary>
    public void End(ChatReply reply)
    {
        if (call.Output.Json) return;
        Shade(reasoning: false);
        if (!last.EndsWith('\n')) call.Output.Line("");
        if (!call.Output.ShowsProgress || !call.Output.IsTerminal) return;
        var facts = new[]
        {
            reply.Model,
            reply.Usage?.Whole("completion_tokens") is { } tokens ? $"{Figures.Number(tokens)} tokens" : null,
            reply.TokensPerSecond is { } speed ? $"{Figures.Number(speed)} tokens/s" : null,
            reply.FinishReason is "length" ? "cut off at its longest" : null,
        };
        call.Output.Side.Write(new Text(string.Join(", ", facts.OfType<string>()) + "\n", new Style(Color.Grey)));
    }

    private void Shade(bool reasoning)
    {
        if (reasoning == isDim) return;
        isDim = reasoning;
        if (!reasoning && !last.EndsWith('\n')) call.Output.Line("");
        if (call.Output.Screen.Profile.Capabilities.Ansi && call.Surroundings.Variable("NO_COLOR") is null) call.Surroundings.Out.Write(reasoning ? Dim : Plain);
    }
}
