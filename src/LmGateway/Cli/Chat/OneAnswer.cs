using System.Text.Json;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Chat;

/// <summary>One question, one answer.</summary>
internal static class OneAnswer
{
    public static async Task<int> RunAsync(ServiceCall call, ChatSettings settings, string prompt, CancellationToken cancellationToken)
    {
        var model = settings.Model ?? await AnsweringModel.FindAsync(call, cancellationToken);
        var (reply, printer) = (new ChatReply(call), new AnswerPrinter(call));
        var body = ChatRequestBody.Of(settings with { Model = model }, [new Turn("user", prompt) { Images = settings.Images }]);
        await foreach (var piece in reply.ReadAsync(body, cancellationToken)) printer.Print(piece);
        printer.End(reply);
        if (call.Output.Json) call.Document(writer => Write(writer, reply));
        return ExitCodes.Success;
    }

    private static void Write(Utf8JsonWriter writer, ChatReply reply)
    {
        writer.WriteString("model", reply.Model);
        writer.WriteString("text", reply.Text);
        if (reply.Reasoning.Length > 0) writer.WriteString("reasoning", reply.Reasoning);
        writer.WriteString("finishReason", reply.FinishReason);
        writer.WritePropertyName("usage");
        if (reply.Usage is { } usage) usage.WriteTo(writer);
        else writer.WriteNullValue();
        if (reply.TokensPerSecond is { } speed) writer.WriteNumber("tokensPerSecond", Math.Round(speed, 1));
    }
}
