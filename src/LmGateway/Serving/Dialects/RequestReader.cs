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
        var members = new List<RequestMember>(8);
        var inside = reader.BytesConsumed;
        var end = inside;
        var count = 0;
        var awaitsNext = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (awaitsNext) members[^1] = members[^1] with { NextStart = reader.TokenStartIndex };
            count++;
            var previousEnd = end;
            var start = reader.TokenStartIndex;
            var field = RequestFields.Read(ref reader);
            reader.Read();
            awaitsNext = field != RequestField.None;
            if (awaitsNext)
            {
                if (members.Count == MostKnownMembers) throw RequestPeek.Invalid($"The request repeats its members too often: '{RequestFields.Name(field)}'.", field);
                members.Add(new RequestMember(field, reader.TokenType, IsEmpty(reader), start, reader.TokenStartIndex, 0) { PreviousEnd = previousEnd, NextStart = -1 });
            }

            reader.Skip();
            end = reader.BytesConsumed;
            if (awaitsNext) members[^1] = members[^1] with { End = end };
        }

        reader.Read();
        return new RequestPeek(body, members) { Dialect = dialect, InsertAt = inside, MemberCount = count };
    }

    /// <summary>Works on a copy of the reader, which stays where it is.</summary>
    private static bool IsEmpty(Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => reader.HasValueSequence ? reader.ValueSequence.IsEmpty : reader.ValueSpan.IsEmpty,
        JsonTokenType.StartArray => reader.Read() && reader.TokenType == JsonTokenType.EndArray,
        JsonTokenType.StartObject => reader.Read() && reader.TokenType == JsonTokenType.EndObject,
        _ => false,
    };

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
