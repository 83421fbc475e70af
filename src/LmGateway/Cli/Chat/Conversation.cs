using System.Text;
using LmGateway.Cli.Service;
using LmGateway.State;

namespace LmGateway.Cli.Chat;

/// <summary>Question and answer until the person leaves. What was said goes along with each question; Ctrl+C ends an answer, and at the prompt the conversation.</summary>
internal sealed class Conversation(ServiceCall call, ChatSettings settings, LineInput input)
{
    private readonly List<Turn> turns = [];
    private ChatSettings settings = settings;

    public static async Task<int> RunAsync(ServiceCall call, ChatSettings settings, bool withoutHistory, CancellationToken cancellationToken)
    {
        var model = settings.Model ?? await AnsweringModel.FindAsync(call, cancellationToken);
        var history = withoutHistory ? InputHistory.None : InputHistory.Open(StateFolder.Locate(call.Settings.Options));
        var conversation = new Conversation(call, settings with { Model = model }, new LineInput(call.Surroundings, history));
        call.Output.Note($"Talking with {model ?? "the active model"}. /help lists what else can be typed; /exit or Ctrl+D ends it.");
        await conversation.RunAsync(cancellationToken);
        return ExitCodes.Success;
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await input.ReadAsync(cancellationToken) is { } line)
        {
            var text = line.Trim();
            if (text.Length == 0) continue;
            if (!text.StartsWith('/')) await AnswerAsync(text, cancellationToken);
            else if (!Obey(text)) return;
        }
    }

    private async Task AnswerAsync(string prompt, CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (call.Surroundings.Signals is { } signals) signals.Interrupt = leaving.Cancel;
        var (reply, printer) = (new ChatReply(call), new AnswerPrinter(call));
        turns.Add(new Turn("user", prompt) { Images = settings.Images });
        try
        {
            await foreach (var piece in reply.ReadAsync(ChatRequestBody.Of(settings, turns), leaving.Token)) printer.Print(piece);
            printer.End(reply);
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            printer.End(reply);
            call.Output.Note("Ended before its time.");
        }
        catch (CommandException failure)
        {
            turns.RemoveAt(turns.Count - 1);
            call.Output.Fail(failure.Failure);
            return;
        }
        finally
        {
            if (call.Surroundings.Signals is { } hearing) hearing.Interrupt = null;
        }

        settings = settings with { Images = [] };
        turns.Add(new Turn("assistant", reply.Text));
    }

    /// <summary>Does what a line with a slash says; false where it ends the conversation.</summary>
    private bool Obey(string line)
    {
        var (command, rest) = line.Split(' ', 2, StringSplitOptions.TrimEntries) is [var first, var second] ? (first, second) : (line, "");
        switch (command)
        {
            case "/exit" or "/quit" or "/bye":
                return false;
            case "/clear":
                turns.Clear();
                call.Output.Note("Forgotten.");
                break;
            case "/model":
                if (rest.Length > 0) settings = settings with { Model = rest };
                call.Output.Note($"Talking with {settings.Model ?? "the active model"}.");
                break;
            case "/system":
                settings = settings with { System = rest };
                call.Output.Note(rest.Length > 0 ? "It knows now." : "No system prompt.");
                break;
            case "/image":
                Try(() =>
                {
                    settings = settings with { Images = [.. settings.Images, ImageFile.Read(rest, call.Surroundings.WorkingFolder)] };
                    call.Output.Note("It goes with your next question.");
                });
                break;
            case "/save":
                Try(() => Save(rest));
                break;
            default:
                call.Output.Note("/clear forgets what was said, /model NAME talks with another model, /system TEXT says how it shall behave, /image FILE adds a picture, /save FILE writes the conversation down, /exit ends it.");
                break;
        }

        return true;
    }

    private void Save(string file)
    {
        if (file.Length == 0) throw new CommandException(CommandFailure.Usage("/save needs the name of a file."));
        var path = Path.GetFullPath(file, call.Surroundings.WorkingFolder);
        var text = new StringBuilder();
        if (settings.System is { Length: > 0 } system) text.Append($"## system\n\n{system}\n\n");
        foreach (var turn in turns) text.Append($"## {turn.Role}\n\n{turn.Text}\n\n");
        using var writer = new StreamWriter(path, new UTF8Encoding(false), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write });
        writer.Write(text.ToString());
        call.Output.Note($"Written to {path}.");
    }

    /// <summary>A mistake in a line is no end of the conversation.</summary>
    private void Try(Action work)
    {
        try
        {
            work();
        }
        catch (CommandException failure)
        {
            call.Output.Note(failure.Message);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            call.Output.Note(fault.Message);
        }
    }
}
