using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using LmGateway.Backends;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>The state of one watched stream of the Responses or the Messages API.</summary>
internal sealed class NamedEventStream(EventStreamOptions options, ReplyTally tally)
    : MendedStream(options.Pool, options.LongestEvent, tally)
{
    private UsageFacts usage;
    private bool began;

    /// <summary>llama-server leaves the numbers of a response's events out; clients count on them.</summary>
    private bool numbers;
    private int next;

    protected override void Take(in SseEvent found)
    {
        if (IsDone(found.Data.Span) || found.Data.IsEmpty) return;
        var name = found.Name.Span;
        if (name.SequenceEqual("error"u8)) throw new GatewayException(UpstreamErrors.Read(200, found.Data.Span, options.Backend));
        var isDelta = name.EndsWith("delta"u8) && !name.SequenceEqual("message_delta"u8);
        if (isDelta) Tally.NoteContent();
        if (!isDelta || !began || numbers) Read(found);
        if (numbers) Number(found);
        else Output.Pass(found.Start, found.Length);
        Tally.Events++;
    }

    protected override void EndOfStream() => throw new GatewayException(new GatewayError(ErrorCode.BackendFault,
        began ? "The backend broke the stream off before the answer was finished." : "The backend closed the stream without an answer.") { Backend = options.Backend });

    private void Read(in SseEvent found)
    {
        EventFacts facts;
        try
        {
            facts = EventFacts.Read(found.Data.Span);
        }
        catch (JsonException fault)
        {
            throw new GatewayException(new GatewayError(ErrorCode.BackendFault, "The backend sent an event that is not a JSON object.") { Backend = options.Backend }, fault);
        }

        var type = facts.Type ?? Encoding.UTF8.GetString(found.Name.Span);
        if (type == "error" || (facts.Type is null && facts.HasError)) throw new GatewayException(UpstreamErrors.Read(200, found.Data.Span, options.Backend));
        if (!began) numbers = options.Dialect == Dialect.OpenAiResponses && !facts.HasNumber;
        began = true;
        Account(type, facts);
        Ended = type is "message_stop" or "response.completed" or "response.incomplete" or "response.failed";
    }

    private void Account(string type, EventFacts facts)
    {
        if (type.EndsWith("delta", StringComparison.Ordinal) && type != "message_delta") Tally.NoteContent();
        Tally.Model ??= facts.Model;
        if (facts.StopReason is { } reason) Tally.FinishReason = reason;
        if (type is "response.completed" or "response.incomplete" or "response.failed") Tally.FinishReason = type["response.".Length..];
        if (facts.Usage is not { IsEmpty: false } told) return;
        usage = new UsageFacts(told.Prompt ?? usage.Prompt, told.Completion ?? usage.Completion, null);
        Tally.Usage = usage.ToUsage();
    }

    private void Number(in SseEvent found)
    {
        var data = found.Data.Span;
        var open = data.IndexOf((byte)'{') + 1;
        var writer = Output.Writer;
        if (!found.Name.IsEmpty)
        {
            writer.Write("event: "u8);
            writer.Write(found.Name.Span);
            writer.Write("\n"u8);
        }

        writer.Write("data: "u8);
        var start = writer.Length;
        writer.Write(data[..open]);
        writer.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\"sequence_number\":{next++}")));
        if (data[open..].TrimStart(" \t\n"u8)[0] != '}') writer.Write(","u8);
        writer.Write(data[open..]);
        writer.WrittenSpan[start..].Replace((byte)'\n', (byte)' ');
        writer.Write("\n\n"u8);
    }
}
