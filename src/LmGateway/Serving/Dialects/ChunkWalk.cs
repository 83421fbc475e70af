using LmGateway.Backends.Wire;
using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>Reads the chunks of one stream, one after another, and remembers what of each choice has been sent.</summary>
internal sealed class ChunkWalk : ReplyWalk
{
    private const int MostChoices = 1024;

    private static readonly byte[] ChatKind = "\"chat.completion.chunk\""u8.ToArray();
    private static readonly byte[] CompletionKind = "\"text_completion\""u8.ToArray();
    private static readonly byte[] NullJson = "null"u8.ToArray();
    private static readonly byte[] EmptyText = "\"\""u8.ToArray();
    private static readonly byte[] Assistant = "\"assistant\""u8.ToArray();
    private static readonly byte[] ReasoningContent = "\"reasoning_content\""u8.ToArray();

    private readonly ChatStreamOptions options;
    private readonly ChunkWriter chunks;
    private bool live;
    private bool broken;
    private bool hasText;
    private bool hasReasoning;

    public ChunkWalk(ChatStreamOptions options, ReplyIdentity identity, ReplyTally tally, ChunkWriter chunks)
        : base(tally)
    {
        this.options = options;
        this.chunks = chunks;
        Identity = identity;
        Before = new PooledBuffer(options.Pool);
    }

    /// <summary>Choices in the order in which they began.</summary>
    public List<ChoiceProgress> Begun { get; } = [];

    /// <summary>Events that must go out before the chunk read last.</summary>
    public PooledBuffer Before { get; }

    /// <summary>The chunk read last ends a choice.</summary>
    public bool Finishes { get; private set; }

    /// <summary>The chunk read last is about choices that had ended before it.</summary>
    public bool IsLate => ChoiceCount > 0 && !live;

    protected override ReplyIdentity Identity { get; }

    protected override bool IsOneOfMany => true;

    protected override string Model => options.Model;

    protected override string? Backend => options.Backend;

    protected override AnsweringModel? Expected => options.Expected;

    protected override ReadOnlyMemory<byte> Kind => options.Completions ? CompletionKind : ChatKind;

    public override void Read(ReadOnlyMemory<byte> json)
    {
        Before.Clear();
        Finishes = live = false;
        broken = !Utf8.IsValid(json.Span);
        base.Read(json);
    }

    /// <summary>The reason that ends a choice whose backend gave none, or gave one too early.</summary>
    public static string ReasonOf(ChoiceProgress choice) => choice.HeldFinish ?? (choice.Tools is { Any: true } ? FinishReasons.ToolCalls : FinishReasons.Stop);

    /// <summary>Ends a choice by a reason, after what its tool calls lack.</summary>
    public void End(ChoiceProgress choice, string reason, PooledBuffer before)
    {
        choice.Finished = true;
        if (choice.Index == 0 || Tally.FinishReason is null) Tally.FinishReason = reason;
        if (choice.Tools is not { } tools) return;
        var bare = tools.Settle(reason == FinishReasons.ToolCalls);
        if (bare.Count > 0) chunks.WriteEmptyArguments(before, choice.Index, bare);
    }

    protected override bool TakesUsageOut(bool isNull, Utf8JsonReader ahead)
    {
        if (isNull && !options.UsageInFinalChunk) return false;
        return ChoiceCount is { } count ? count > 0 : HasChoices(ahead);
    }

    protected override void Choice(ref Utf8JsonReader reader, int position)
    {
        var inside = reader.BytesConsumed;
        var progress = Progress(IndexOf(reader) ?? position);
        live |= !progress.Finished;
        hasText = hasReasoning = false;
        var (hasIndex, hasContent, members) = (false, false, 0);
        var finish = new Finish(0, 0, null);
        for (; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; members++)
        {
            if (JsonText.Is(ref reader, "index"u8)) hasIndex = Index(ref reader, progress);
            else if (JsonText.Is(ref reader, "finish_reason"u8)) finish = ReadFinish(ref reader);
            else if (!options.Completions && JsonText.Is(ref reader, "delta"u8)) hasContent = DeltaOrNull(ref reader, progress);
            else if (options.Completions && JsonText.Is(ref reader, "text"u8)) hasContent = CompletionText(ref reader, progress);
            else reader.Read();
            reader.Skip();
        }

        if (!hasIndex) InsertMember(inside, "index"u8, Encoding.ASCII.GetBytes(progress.Index.ToString(CultureInfo.InvariantCulture)));
        if (!hasContent && options.Completions) InsertMember(inside, "text"u8, EmptyText, alone: members == 0);
        else if (!hasContent) InsertMember(inside, "delta"u8, FirstDelta(progress), alone: members == 0);
        Settle(progress, finish);
    }

    private void Settle(ChoiceProgress progress, Finish finish)
    {
        var reason = finish.Reason;
        if (reason is "stop" or "function_call" && progress.Tools is { Any: true }) reason = FinishReasons.ToolCalls;
        if (reason is not null && hasReasoning && !hasText) (progress.HeldFinish, reason) = (reason, null);
        if (progress.Finished) reason = null;
        if (reason is null)
        {
            progress.Tools?.Settle(ended: false);
            if (finish.Text is not null) ReplaceValue(finish.Start, finish.End, NullJson);
            return;
        }

        Finishes = true;
        End(progress, reason, Before);
        if (reason != finish.Text) ReplaceValue(finish.Start, finish.End, JsonText.Quote(reason));
    }

    private Finish ReadFinish(ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        var isNull = reader.TokenType == JsonTokenType.Null;
        var text = reader.TokenType == JsonTokenType.String ? FinishReasons.Read(ref reader) ?? "" : isNull ? null : "?";
        reader.Skip();
        if (string.IsNullOrEmpty(text)) return new Finish(start, reader.BytesConsumed, text);
        var reason = FinishReasons.Map(text)
            ?? throw new GatewayException(new GatewayError(ErrorCode.BackendFault, $"The backend ended the generation: {text}.") { Backend = Backend });
        return new Finish(start, reader.BytesConsumed, text) { Reason = reason };
    }

    private bool DeltaOrNull(ref Utf8JsonReader reader, ChoiceProgress progress)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        if (reader.TokenType == JsonTokenType.StartObject) Delta(ref reader, progress);
        else if (reader.TokenType == JsonTokenType.Null) ReplaceValue(start, reader.BytesConsumed, FirstDelta(progress));
        else throw new JsonException("'delta' is no object.");
        return true;
    }

    private static byte[] FirstDelta(ChoiceProgress progress)
    {
        var isFirst = !progress.RoleSent;
        progress.RoleSent = true;
        return isFirst ? """{"role":"assistant","content":""}"""u8.ToArray() : "{}"u8.ToArray();
    }

    private void Delta(ref Utf8JsonReader reader, ChoiceProgress progress)
    {
        var inside = reader.BytesConsumed;
        var cursor = new ObjectCursor(Splice, inside);
        var (isFirst, hasRole, hasContentName, kept) = (!progress.RoleSent, false, false, 0);
        Range? nullContent = null, reasoning = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var name = start..(start + reader.ValueSpan.Length + 2);
            cursor.Name(start);
            var remove = false;
            if (JsonText.Is(ref reader, "content"u8)) nullContent = Words(ref reader, progress, ref hasText);
            else if (JsonText.Is(ref reader, "role"u8)) hasRole = Role(ref reader, isFirst);
            else if (JsonText.Is(ref reader, "tool_calls"u8)) remove = ToolCalls(ref reader, progress);
            else if (JsonText.Is(ref reader, "reasoning_content"u8)) (hasContentName, _) = (true, Words(ref reader, progress, ref hasReasoning));
            else if (JsonText.Is(ref reader, "reasoning"u8)) reasoning = Words(ref reader, progress, ref hasReasoning) is null && reader.TokenType == JsonTokenType.String ? name : null;
            else reader.Read();
            reader.Skip();
            kept += remove ? 0 : 1;
            cursor.Value(reader.BytesConsumed, remove);
        }

        cursor.End();
        if (reasoning is { } only && !hasContentName) ReplaceValue(only.Start.Value, only.End.Value, ReasoningContent);
        if (isFirst && !hasRole) InsertMember(inside, "role"u8, Assistant, alone: kept == 0);
        if (isFirst && nullContent is { } empty && progress.Tools is null) ReplaceValue(empty.Start.Value, empty.End.Value, EmptyText);
        progress.RoleSent = true;
    }

    private bool Role(ref Utf8JsonReader reader, bool isFirst)
    {
        reader.Read();
        var (start, end) = (reader.TokenStartIndex, reader.BytesConsumed);
        if (reader.TokenType == JsonTokenType.String && JsonText.Is(ref reader, "assistant"u8)) return true;
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null)) throw new JsonException("'role' is no string.");
        if (isFirst || !reader.ValueSpan.IsEmpty) ReplaceValue(start, end, Assistant);
        return true;
    }

    /// <summary>Whether the member goes: <c>null</c> and <c>[]</c> mean nothing and trip some clients.</summary>
    private bool ToolCalls(ref Utf8JsonReader reader, ChoiceProgress progress)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return true;
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("'tool_calls' is no array.");
        var tools = progress.Tools ?? new ToolCallDeltas(Splice, Identity, progress.Index);
        if (tools.Read(ref reader, Json) == 0) return true;
        progress.Tools = tools;
        hasText = true;
        Tally.NoteContent();
        return false;
    }

    private bool CompletionText(ref Utf8JsonReader reader, ChoiceProgress progress)
    {
        if (Words(ref reader, progress, ref hasText) is { } empty) ReplaceValue(empty.Start.Value, empty.End.Value, EmptyText);
        return true;
    }

    /// <summary>Reads text; returns where it stands if it is <c>null</c>.</summary>
    private Range? Words(ref Utf8JsonReader reader, ChoiceProgress progress, ref bool seen)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return (int)reader.TokenStartIndex..(int)reader.BytesConsumed;
        if (reader.TokenType != JsonTokenType.String || reader.ValueSpan.IsEmpty) return null;
        seen = true;
        Tally.NoteContent();
        if (broken) Complete(ref reader, progress);
        return null;
    }

    /// <summary>A runtime that sends bytes of a character with different tokens: they are held until it is whole.</summary>
    private void Complete(ref Utf8JsonReader reader, ChoiceProgress progress)
    {
        byte[] text = [.. progress.Half, .. reader.ValueSpan];
        var tail = JsonText.IncompleteTail(text);
        progress.Half = text[^tail..];
        Splice.Replace(reader.TokenStartIndex + 1, reader.ValueSpan.Length, text.AsMemory(0, text.Length - tail));
    }

    private bool Index(ref Utf8JsonReader reader, ChoiceProgress progress)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        var good = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out _);
        reader.Skip();
        if (!good) ReplaceValue(start, reader.BytesConsumed, Encoding.ASCII.GetBytes(progress.Index.ToString(CultureInfo.InvariantCulture)));
        return true;
    }

    private ChoiceProgress Progress(int index)
    {
        foreach (var choice in Begun)
            if (choice.Index == index) return choice;
        if (Begun.Count == MostChoices) throw new JsonException("There are too many choices.");
        var begun = new ChoiceProgress(index);
        Begun.Add(begun);
        return begun;
    }

    /// <summary>Works on a copy of the reader, because the index may stand behind the delta.</summary>
    private static int? IndexOf(Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = JsonText.Is(ref reader, "index"u8);
            reader.Read();
            if (found) return reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var index) && index >= 0 ? index : null;
            reader.Skip();
        }

        return null;
    }

    private static bool HasChoices(Utf8JsonReader ahead)
    {
        while (ahead.Read() && ahead.TokenType == JsonTokenType.PropertyName)
        {
            var found = JsonText.Is(ref ahead, "choices"u8);
            ahead.Read();
            if (found) return ahead.TokenType == JsonTokenType.StartArray && ahead.Read() && ahead.TokenType != JsonTokenType.EndArray;
            ahead.Skip();
        }

        return false;
    }

    /// <summary>Where <c>finish_reason</c> stands, its text (null for JSON's <c>null</c>) and what that means.</summary>
    private readonly record struct Finish(long Start, long End, string? Text)
    {
        public string? Reason { get; init; }
    }
}
