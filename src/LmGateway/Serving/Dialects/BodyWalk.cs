using System.Globalization;
using System.Text;
using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>Reads a whole chat or text completion.</summary>
internal sealed class BodyWalk(ReplyMendOptions options, ReplyTally tally, bool completions) : ReplyWalk(tally)
{
    protected override ReplyIdentity Identity => field ??= new ReplyIdentity(options.Id, options.Created, options.Model);

    protected override bool IsOneOfMany => false;

    protected override string Model => options.Model;

    protected override string? Backend => options.Backend;

    protected override AnsweringModel? Expected => options.Expected;

    protected override ReadOnlyMemory<byte> Kind => completions ? "\"text_completion\""u8.ToArray() : "\"chat.completion\""u8.ToArray();

    protected override bool TakesUsageOut(bool isNull, Utf8JsonReader ahead)
    {
        if (Usage is not { } usage) return true;
        if (!usage.IsComplete) ReplaceValue(UsageRange.Start.Value, UsageRange.End.Value, usage.ToJson());
        return false;
    }

    protected override void Choice(ref Utf8JsonReader reader, int position)
    {
        var inside = reader.BytesConsumed;
        var (hasIndex, hasContent, hasCalls) = (false, false, false);
        var finish = new Finish(0, 0, null);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (JsonText.Is(ref reader, "index"u8)) hasIndex = reader.Read();
            else if (JsonText.Is(ref reader, "finish_reason"u8)) finish = ReadFinish(ref reader);
            else if (!completions && JsonText.Is(ref reader, "message"u8)) (hasContent, hasCalls) = (true, Message(ref reader, position));
            else if (completions && JsonText.Is(ref reader, "text"u8)) hasContent = CompletionText(ref reader);
            else reader.Read();
            reader.Skip();
        }

        if (!hasContent) throw new JsonException(completions ? "A choice has no 'text'." : "A choice has no 'message'.");
        if (!hasIndex) InsertMember(inside, "index"u8, Encoding.ASCII.GetBytes(position.ToString(CultureInfo.InvariantCulture)));
        End(inside, finish, hasCalls, position);
    }

    private void End(long inside, Finish finish, bool hasCalls, int position)
    {
        var reason = string.IsNullOrEmpty(finish.Text) ? FinishReasons.Stop : FinishReasons.Map(finish.Text)
            ?? throw new GatewayException(new GatewayError(ErrorCode.BackendFault, $"The backend ended the generation: {finish.Text}.") { Backend = Backend });
        if (hasCalls && reason is FinishReasons.Stop or "function_call") reason = FinishReasons.ToolCalls;
        if (position == 0) Tally.FinishReason = reason;
        if (reason == finish.Text) return;
        if (finish.End > 0) ReplaceValue(finish.Start, finish.End, JsonText.Quote(reason));
        else InsertMember(inside, "finish_reason"u8, JsonText.Quote(reason));
    }

    private static Finish ReadFinish(ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        var text = reader.TokenType == JsonTokenType.String ? FinishReasons.Read(ref reader) : null;
        reader.Skip();
        return new Finish(start, reader.BytesConsumed, text);
    }

    private bool CompletionText(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) ReplaceValue(reader.TokenStartIndex, reader.BytesConsumed, "\"\""u8.ToArray());
        return true;
    }

    /// <summary>Returns whether it calls tools.</summary>
    private bool Message(ref Utf8JsonReader reader, int choice)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("'message' is no object.");
        var inside = reader.BytesConsumed;
        var cursor = new ObjectCursor(Splice, inside);
        var (hasRole, hasReasoningContent, hasCalls, refuses, kept) = (false, false, false, false, 0);
        JsonTokenType? content = null;
        Range contentRange = default;
        Range? reasoning = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var name = start..(start + reader.ValueSpan.Length + 2);
            cursor.Name(start);
            var remove = false;
            if (JsonText.Is(ref reader, "content"u8)) (content, contentRange) = (KindOf(ref reader), (int)reader.TokenStartIndex..(int)reader.BytesConsumed);
            else if (JsonText.Is(ref reader, "role"u8)) hasRole = Role(ref reader);
            else if (JsonText.Is(ref reader, "tool_calls"u8)) remove = !(hasCalls = WholeToolCalls.Read(ref reader, Splice, Json, options.RequestId, choice));
            else if (JsonText.Is(ref reader, "refusal"u8)) refuses = KindOf(ref reader) == JsonTokenType.String;
            else if (JsonText.Is(ref reader, "reasoning_content"u8)) hasReasoningContent = reader.Read();
            else if (JsonText.Is(ref reader, "reasoning"u8)) reasoning = KindOf(ref reader) == JsonTokenType.String ? name : null;
            else reader.Read();
            reader.Skip();
            kept += remove ? 0 : 1;
            cursor.Value(reader.BytesConsumed, remove);
        }

        cursor.End();
        if (reasoning is { } only && !hasReasoningContent) ReplaceValue(only.Start.Value, only.End.Value, "\"reasoning_content\""u8.ToArray());
        if (!hasRole) InsertMember(inside, "role"u8, "\"assistant\""u8);
        if (content is null) InsertMember(inside, "content"u8, hasCalls ? "null"u8 : "\"\""u8, alone: kept == 0);
        else if (content == JsonTokenType.Null && !hasCalls && !refuses) ReplaceValue(contentRange.Start.Value, contentRange.End.Value, "\"\""u8.ToArray());
        return hasCalls;
    }

    private bool Role(ref Utf8JsonReader reader)
    {
        reader.Read();
        var good = reader.TokenType == JsonTokenType.String && JsonText.Is(ref reader, "assistant"u8);
        var start = reader.TokenStartIndex;
        reader.Skip();
        if (!good) ReplaceValue(start, reader.BytesConsumed, "\"assistant\""u8.ToArray());
        return true;
    }

    private static JsonTokenType KindOf(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType;
    }

    private readonly record struct Finish(long Start, long End, string? Text);
}
