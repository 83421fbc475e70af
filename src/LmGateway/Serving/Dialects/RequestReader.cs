using System.Buffers;
using System.Text.Json;
using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>The one pass over a request's bytes.</summary>
internal static class RequestReader
{
    /// <summary>Nobody repeats names this often but to exhaust memory.</summary>
    private const int MostKnownMembers = 256;

    /// <summary>Members that are collected without memory of their own.</summary>
    private const int UsualMembers = 16;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    public static RequestPeek Read(in ReadOnlySequence<byte> held, Dialect dialect)
    {
        var body = WithoutMark(held);
        if (body.IsEmpty) throw RequestPeek.Invalid("The request has no body. Send a JSON object.");
        if (!JsonText.IsUtf8(body)) throw RequestPeek.Invalid("The request body is not valid UTF-8.");
        try
        {
            return ReadRoot(body, dialect);
        }
        catch (JsonException fault)
        {
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, JsonFault.Describe(fault)), fault);
        }
    }

    private static RequestPeek ReadRoot(in ReadOnlySequence<byte> body, Dialect dialect)
    {
        var reader = new Utf8JsonReader(body, JsonText.Strict);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw RequestPeek.Invalid($"The request body must be a JSON object, not {Describe(reader.TokenType)}.");
        Span<RequestMember> known = stackalloc RequestMember[UsualMembers];
        var (inside, found, count, isKnown) = ((int)reader.BytesConsumed, 0, 0, false);
        for (var end = inside; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; count++)
        {
            var (previousEnd, start) = (end, (int)reader.TokenStartIndex);
            if (isKnown) known[found - 1] = known[found - 1] with { NextStart = start };
            var field = RequestFields.Read(ref reader);
            isKnown = field != RequestField.None;
            if (isKnown && found == MostKnownMembers) throw RequestPeek.Invalid($"The request repeats its members too often: '{RequestFields.Name(field)}'.", field);
            reader.Read();
            var (kind, valueStart, isEmpty) = (reader.TokenType, (int)reader.TokenStartIndex, SkipValue(ref reader));
            end = (int)reader.BytesConsumed;
            if (!isKnown) continue;
            if (found == known.Length) known = WithRoom(known);
            known[found++] = new RequestMember(field, kind, isEmpty, start, valueStart, end) { PreviousEnd = previousEnd, NextStart = -1 };
        }

        reader.Read();
        return new RequestPeek(body, known[..found].ToArray()) { Dialect = dialect, InsertAt = inside, MemberCount = count };
    }

    private static RequestMember[] WithRoom(ReadOnlySpan<RequestMember> full)
    {
        var roomy = new RequestMember[MostKnownMembers];
        full.CopyTo(roomy);
        return roomy;
    }

    /// <summary>Goes to the last token of the value on which the reader stands; returns whether it is <c>""</c>, <c>[]</c> or <c>{}</c>.</summary>
    private static bool SkipValue(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String) return reader.HasValueSequence ? reader.ValueSequence.IsEmpty : reader.ValueSpan.IsEmpty;
        if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject)) return false;
        var (depth, isEmpty) = (reader.CurrentDepth, true);
        reader.Read();
        while (reader.CurrentDepth > depth && reader.Read()) isEmpty = false;
        return isEmpty;
    }

    private static ReadOnlySequence<byte> WithoutMark(in ReadOnlySequence<byte> body)
    {
        if (body.Length < 3) return body;
        Span<byte> head = stackalloc byte[3];
        body.Slice(0, 3).CopyTo(head);
        return head.SequenceEqual(ByteOrderMark) ? body.Slice(3) : body;
    }

    private static string Describe(JsonTokenType kind) => kind switch
    {
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "a boolean",
    };
}
