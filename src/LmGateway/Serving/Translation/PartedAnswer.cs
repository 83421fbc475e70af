using System.Buffers;
using System.Text;
using System.Text.Json;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Translation;

/// <summary>What every answer begins with.</summary>
/// <param name="RequestId">Its ids are made from this.</param>
/// <param name="Model">The instance that answers.</param>
/// <param name="Created">Seconds since 1970.</param>
internal sealed record AnswerHead(string RequestId, string Model, long Created)
{
    public bool Streamed { get; init; }

    public string Id(string prefix, int number) => $"{prefix}{RequestId}_{number}";
}

internal enum PartKind
{
    Reasoning,
    Text,
    ToolCall,
}

/// <summary>One part of an answer: a thought, a text, or the call of a tool, whose content are its arguments.</summary>
internal sealed class AnswerPart(PartKind kind, int place)
{
    public PartKind Kind => kind;

    /// <summary>Among the parts, from 0.</summary>
    public int Place => place;

    /// <summary>The number of a tool call in the backend's stream.</summary>
    public int? CallIndex { get; init; }

    public string CallId { get; init; } = "";

    public string Name { get; init; } = "";

    public StringBuilder Content { get; } = new();
}

/// <summary>
/// An answer in a dialect whose answers are made of parts, out of a generation's events. Streamed, each event becomes events of the dialect,
/// in which one part is open at a time; otherwise the whole is written at the end.
/// </summary>
internal abstract class PartedAnswer(AnswerHead head)
{
    private readonly ArrayBufferWriter<byte> output = new();
    private readonly List<AnswerPart> parts = [];
    private AnswerPart? open;
    private bool begun;
    private bool flushed;

    public AnswerHead Head => head;

    protected IReadOnlyList<AnswerPart> Parts => parts;

    /// <summary><c>stop</c>, <c>length</c>, <c>tool_calls</c> …, once it is known.</summary>
    protected string? FinishReason { get; private set; }

    protected Usage Usage { get; private set; }

    /// <summary>Takes one event of the generation.</summary>
    public void Take(ChatEvent happened)
    {
        if (flushed) output.ResetWrittenCount();
        flushed = false;
        if (!begun && head.Streamed) Begin();
        begun = true;
        switch (happened)
        {
            case ChatEvent.Reasoning thought: Append(PartKind.Reasoning, thought.Content); break;
            case ChatEvent.Text text: Append(PartKind.Text, text.Content); break;
            case ChatEvent.ToolCall call: Append(call); break;
            case ChatEvent.Finished finished:
                Close();
                FinishReason = FinishReasons.Map(finished.Reason) ?? "stop";
                Usage = finished.Usage ?? default;
                if (head.Streamed) End();
                else WriteWhole();
                break;
        }
    }

    /// <summary>What has been written since the last time; valid until more is taken.</summary>
    public ReadOnlyMemory<byte> Flush()
    {
        flushed = true;
        return output.WrittenMemory;
    }

    protected abstract void Begin();

    protected abstract void Open(AnswerPart part);

    protected abstract void Delta(AnswerPart part, string piece);

    protected abstract void Close(AnswerPart part);

    protected abstract void End();

    /// <summary>The whole answer's members.</summary>
    protected abstract void Write(Utf8JsonWriter writer);

    /// <summary>An event with its name, whose data begin with the same name as <c>type</c>.</summary>
    protected void Tell(string type, Action<Utf8JsonWriter> write)
    {
        output.Write(Encoding.ASCII.GetBytes($"event: {type}\ndata: "));
        Json(writer =>
        {
            writer.WriteString("type", type);
            write(writer);
        });
        output.Write("\n\n"u8);
    }

    private void WriteWhole() => Json(Write);

    private void Json(Action<Utf8JsonWriter> write)
    {
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        write(writer);
        writer.WriteEndObject();
    }

    private void Append(PartKind kind, string piece)
    {
        if (open?.Kind != kind) Start(new AnswerPart(kind, parts.Count));
        Extend(piece);
    }

    private void Append(ChatEvent.ToolCall call)
    {
        if (open is not { Kind: PartKind.ToolCall } known || known.CallIndex != call.Index)
            Start(new AnswerPart(PartKind.ToolCall, parts.Count) { CallIndex = call.Index, CallId = call.Id ?? head.Id("call_", parts.Count), Name = call.Name ?? "" });
        Extend(call.Arguments);
    }

    private void Start(AnswerPart part)
    {
        Close();
        parts.Add(part);
        open = part;
        if (head.Streamed) Open(part);
    }

    private void Extend(string piece)
    {
        if (piece.Length == 0) return;
        open!.Content.Append(piece);
        if (head.Streamed) Delta(open, piece);
    }

    private void Close()
    {
        if (open is { } part && head.Streamed) Close(part);
        open = null;
    }
}
