using System.Buffers;
using System.Text.Json;
using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// What the gateway must know of a JSON request, found in one pass over its bytes. The rest of the body is checked to be JSON and
/// is not looked at. Where a name occurs twice the last one counts, as in JSON parsers. Valid as long as the body's memory is.
/// </summary>
internal sealed class RequestPeek
{
    private readonly RequestMember[] members;

    /// <summary>A bit for each field that is among <see cref="members"/>: most questions are about one that is not.</summary>
    private readonly ulong present;

    internal RequestPeek(in ReadOnlySequence<byte> body, RequestMember[] members)
    {
        Body = body;
        this.members = members;
        foreach (var member in members) present |= Bit(member.Field);
    }

    /// <summary>The body that was read, without a byte order mark.</summary>
    public ReadOnlySequence<byte> Body { get; }

    public required Dialect Dialect { get; init; }

    /// <summary>Where the root object's first member would stand.</summary>
    public required int InsertAt { get; init; }

    /// <summary>All members of the root object, known or not.</summary>
    public required int MemberCount { get; init; }

    /// <summary>The model as the request names it; null where it names none.</summary>
    public string? Model { get; internal set; }

    public bool Streamed { get; internal set; }

    /// <summary>The caller wants the usage of a stream.</summary>
    public bool UsageAsked { get; internal set; }

    /// <summary>Members that are known, in the order in which they stand.</summary>
    public ReadOnlySpan<RequestMember> Members => members;

    /// <summary>
    /// Reads a held body. <see cref="ErrorCode.InvalidRequest"/> where it is not a JSON object in UTF-8, or where a member that the
    /// dialect needs is missing or of the wrong kind; the message names it.
    /// </summary>
    /// <param name="body">The body.</param>
    /// <param name="dialect">The dialect that it is in.</param>
    /// <param name="isUnderContract">The provider contract's checks come first.</param>
    public static RequestPeek Read(in ReadOnlySequence<byte> body, Dialect dialect, bool isUnderContract = false)
    {
        var peek = RequestReader.Read(body, dialect);
        if (isUnderContract) ContractChecks.Check(peek);
        RequestChecks.Check(peek);
        return peek;
    }

    /// <summary>Whether the name occurs more than once.</summary>
    public bool Repeats(RequestField field)
    {
        var count = 0;
        foreach (var member in members)
            if (member.Field == field) count++;
        return count > 1;
    }

    /// <summary>Present, and not null.</summary>
    public bool Has(RequestField field) => Find(field) is { Kind: not JsonTokenType.Null };

    /// <summary>The member that counts; null where there is none. Its value may be <c>null</c>.</summary>
    public RequestMember? Find(RequestField field)
    {
        if ((present & Bit(field)) == 0) return null;
        var index = members.Length - 1;
        while (members[index].Field != field) index--;
        return members[index];
    }

    /// <summary>The bytes of a member's value.</summary>
    public ReadOnlySequence<byte> Value(RequestMember member) => Body.Slice(member.ValueStart, member.ValueLength);

    /// <summary>A member's number; null where it is absent, null or no number.</summary>
    public double? Number(RequestField field)
    {
        if (Find(field) is not { Kind: JsonTokenType.Number } member) return null;
        var reader = Reader(member);
        return reader.TryGetDouble(out var number) ? number : null;
    }

    /// <summary>A member's text; null where it is absent, null or no string.</summary>
    public string? Text(RequestField field)
    {
        if (Find(field) is not { Kind: JsonTokenType.String } member) return null;
        var reader = Reader(member);
        return JsonText.Read(ref reader);
    }

    /// <summary>A reader that stands on the first token of a member's value.</summary>
    public Utf8JsonReader Reader(RequestMember member)
    {
        var reader = new Utf8JsonReader(Value(member), JsonText.Strict);
        reader.Read();
        return reader;
    }

    private static ulong Bit(RequestField field) => 1UL << (int)field;

    internal static GatewayException Invalid(string message, RequestField field = RequestField.None) =>
        new(new GatewayError(ErrorCode.InvalidRequest, message) { Parameter = field == RequestField.None ? null : RequestFields.Name(field) });
}
