using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// The tool calls of one choice as they stream: numbered from 0 in the order in which they begin; id, type and name in the first
/// piece of each and never again, because clients overwrite or append what comes later; arguments a string, <c>{}</c> where there are none.
/// </summary>
internal sealed class ToolCallDeltas(BodySplice splice, ReplyIdentity identity, int choice)
{
    private const int MostCalls = 4096;

    private readonly List<Call> calls = [];

    public bool Any => calls.Count > 0;

    /// <summary>Reads a <c>tool_calls</c> array, on whose start the reader stands, to its end; returns how many pieces it holds.</summary>
    public int Read(ref Utf8JsonReader reader, ReadOnlyMemory<byte> json)
    {
        var pieces = 0;
        for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; pieces++)
        {
            if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("A tool call is no object.");
            var piece = Peek(reader);
            var call = Find(piece);
            var isFirst = call is null;
            call ??= Add(piece);
            Piece(ref reader, call, isFirst, json);
        }

        return pieces;
    }

    /// <summary>
    /// After a chunk: calls that began in it without arguments get them. At the end of the choice they get <c>{}</c>, and the numbers
    /// of earlier calls that never got any are returned.
    /// </summary>
    public List<int> Settle(bool ended)
    {
        List<int> bare = [];
        foreach (var call in calls)
        {
            if (call.Open is { } open)
            {
                Fill(open, ended ? "\"{}\"" : "\"\"");
                call.HasArguments |= ended;
                call.Open = null;
            }

            if (!ended || call.HasArguments) continue;
            call.HasArguments = true;
            bare.Add(call.Number);
        }

        return bare;
    }

    private void Fill(Gap open, string value)
    {
        if (open.Length > 0) splice.Replace(open.Start, open.Length, Encoding.ASCII.GetBytes(value));
        else splice.Insert(open.Start, Encoding.ASCII.GetBytes($"\"arguments\":{value}{(open.Alone ? "" : ",")}"));
    }

    private Call? Find(in PieceFacts piece)
    {
        if (piece.Id is { } id && calls.Find(call => call.Id == id) is { } same) return same;
        var open = piece.Index is { } index ? calls.FindLast(call => call.BackendIndex == index) : calls.LastOrDefault();
        if (open is null) return null;
        if (piece.Id is null) return piece.Index is null && piece.Name is not null && open.HasName ? null : open;
        return piece.Name is not null && open.HasName ? null : open;
    }

    private Call Add(in PieceFacts piece)
    {
        if (calls.Count == MostCalls) throw new JsonException("There are too many tool calls.");
        var call = new Call { Number = calls.Count, BackendIndex = piece.Index, Id = piece.Id };
        calls.Add(call);
        return call;
    }

    private void Piece(ref Utf8JsonReader reader, Call call, bool isFirst, ReadOnlyMemory<byte> json)
    {
        var inside = reader.BytesConsumed;
        var cursor = new ObjectCursor(splice, inside);
        bool hasIndex = false, hasId = false, hasType = false;
        var kept = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            cursor.Name(reader.TokenStartIndex);
            var remove = false;
            if (JsonText.Is(ref reader, "index"u8)) hasIndex = Index(ref reader, call);
            else if (JsonText.Is(ref reader, "id"u8)) (hasId, remove) = (true, !Id(ref reader, call, isFirst));
            else if (JsonText.Is(ref reader, "type"u8)) (hasType, remove) = (true, !Type(ref reader, isFirst));
            else if (JsonText.Is(ref reader, "function"u8) && reader.Read() && reader.TokenType == JsonTokenType.StartObject) Function(ref reader, call, isFirst, json);
            else if (reader.TokenType == JsonTokenType.PropertyName) reader.Read();
            reader.Skip();
            kept += remove ? 0 : 1;
            cursor.Value(reader.BytesConsumed, remove);
        }

        cursor.End();
        List<string> missing = [];
        if (!hasIndex) missing.Add(string.Create(CultureInfo.InvariantCulture, $"\"index\":{call.Number}"));
        if (isFirst && !hasId) missing.Add($"\"id\":\"{OwnId(call)}\"");
        if (isFirst && !hasType) missing.Add("\"type\":\"function\"");
        if (missing.Count > 0) splice.Insert(inside, Encoding.UTF8.GetBytes(string.Join(',', missing) + (kept > 0 ? "," : "")));
    }

    private bool Index(ref Utf8JsonReader reader, Call call)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        var good = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var index) && index == call.Number;
        reader.Skip();
        if (!good) splice.Replace(start, reader.BytesConsumed - start, Encoding.ASCII.GetBytes(call.Number.ToString(CultureInfo.InvariantCulture)));
        return true;
    }

    /// <summary>Whether the member stays.</summary>
    private bool Id(ref Utf8JsonReader reader, Call call, bool isFirst)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        var good = reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty;
        reader.Skip();
        if (isFirst && !good) splice.Replace(start, reader.BytesConsumed - start, JsonText.Quote(OwnId(call)));
        return isFirst;
    }

    private bool Type(ref Utf8JsonReader reader, bool isFirst)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        var good = reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty && !Ascii.EqualsIgnoreCase(reader.ValueSpan, "function"u8);
        good |= reader.TokenType == JsonTokenType.String && JsonText.Is(ref reader, "function"u8);
        reader.Skip();
        if (isFirst && !good) splice.Replace(start, reader.BytesConsumed - start, "\"function\""u8.ToArray());
        return isFirst;
    }

    private void Function(ref Utf8JsonReader reader, Call call, bool isFirst, ReadOnlyMemory<byte> json)
    {
        var inside = reader.BytesConsumed;
        var cursor = new ObjectCursor(splice, inside);
        var kept = 0;
        var hasArguments = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            cursor.Name(reader.TokenStartIndex);
            var remove = false;
            if (JsonText.Is(ref reader, "name"u8))
            {
                reader.Read();
                var named = IsNamed(ref reader);
                remove = !isFirst && (!named || call.HasName);
                call.HasName |= named;
            }
            else if (JsonText.Is(ref reader, "arguments"u8))
            {
                hasArguments = true;
                Arguments(ref reader, call, isFirst, json);
            }
            else
            {
                reader.Read();
            }

            reader.Skip();
            kept += remove ? 0 : 1;
            cursor.Value(reader.BytesConsumed, remove);
        }

        cursor.End();
        if (isFirst && !hasArguments) call.Open = new Gap(inside, 0, kept == 0);
    }

    private void Arguments(ref Utf8JsonReader reader, Call call, bool isFirst, ReadOnlyMemory<byte> json)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        var kind = reader.TokenType;
        var nothing = kind == JsonTokenType.Null || (kind == JsonTokenType.String && reader.ValueSpan.IsEmpty);
        reader.Skip();
        var length = reader.BytesConsumed - start;
        if (!nothing) call.HasArguments = true;
        if (nothing && isFirst) call.Open = new Gap(start, length, Alone: false);
        else if (kind == JsonTokenType.Null) splice.Replace(start, length, "\"\""u8.ToArray());
        else if (kind != JsonTokenType.String) splice.Replace(start, length, JsonText.QuoteUtf8(json.Span.Slice((int)start, (int)length)));
    }

    /// <summary>A name is no name where a runtime wrote nothing, or the word null.</summary>
    private static bool IsNamed(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty && !JsonText.Is(ref reader, "null"u8);

    private string OwnId(Call call) => string.Create(CultureInfo.InvariantCulture, $"call_{identity.Own}_{choice}_{call.Number}");

    /// <summary>Works on a copy of the reader, because index, id and name come in any order and together tell whose piece it is.</summary>
    private static PieceFacts Peek(Utf8JsonReader reader)
    {
        var facts = new PieceFacts();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIndex = JsonText.Is(ref reader, "index"u8);
            var isId = JsonText.Is(ref reader, "id"u8);
            var isFunction = JsonText.Is(ref reader, "function"u8);
            var isName = JsonText.Is(ref reader, "name"u8);
            reader.Read();
            if (isIndex && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var index)) facts = facts with { Index = index };
            else if (isId && reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty) facts = facts with { Id = JsonText.Read(ref reader) };
            else if (isFunction && reader.TokenType == JsonTokenType.StartObject) facts = facts with { Name = Peek(reader).Name };
            else if (isName && IsNamed(ref reader)) facts = facts with { Name = JsonText.Read(ref reader) };
            reader.Skip();
        }

        return facts;
    }

    private readonly record struct PieceFacts(int? Index, string? Id, string? Name);

    /// <summary>Where empty arguments stand, or where they are to be put in (length 0).</summary>
    private readonly record struct Gap(long Start, long Length, bool Alone);

    private sealed class Call
    {
        public required int Number { get; init; }
        public int? BackendIndex { get; init; }
        public string? Id { get; init; }
        public bool HasName { get; set; }
        public bool HasArguments { get; set; }
        public Gap? Open { get; set; }
    }
}
