using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// One pass over a chat or completion object, whole or one chunk of a stream: notes what is to be changed in <see cref="Splice"/>
/// and what it tells for the accounts. The same instance reads one object after another.
/// </summary>
internal abstract class ReplyWalk(ReplyTally tally)
{
    /// <summary>What stands in for members that the backend leaves out.</summary>
    protected abstract ReplyIdentity Identity { get; }

    /// <summary>Objects of the same reply follow, which bear the same id, date and model: what the first ones tell is learned.</summary>
    protected abstract bool IsOneOfMany { get; }

    /// <summary>The model as the request names it.</summary>
    protected abstract string Model { get; }

    protected ReplyTally Tally { get; } = tally;

    /// <summary>The changes to the object read last.</summary>
    public BodySplice Splice { get; } = new();

    /// <summary>The object read last.</summary>
    protected ReadOnlyMemory<byte> Json { get; private set; }

    /// <summary>Null where there is no <c>choices</c> array.</summary>
    public int? ChoiceCount { get; private set; }

    /// <summary>The backend's usage; null where the object has none.</summary>
    public UsageFacts? Usage { get; private set; }

    /// <summary>Where <see cref="Usage"/> stands.</summary>
    public Range UsageRange { get; private set; }

    /// <summary>The value of <c>object</c> in such replies, as JSON.</summary>
    protected abstract ReadOnlyMemory<byte> Kind { get; }

    /// <summary>The backend that is asked, for messages.</summary>
    protected abstract string? Backend { get; }

    /// <summary>The model that has to answer; null where any may.</summary>
    protected abstract AnsweringModel? Expected { get; }

    /// <summary>Reads an object. Throws a gateway error for one that reports an error, and <see cref="JsonException"/> for what is no such object.</summary>
    public virtual void Read(ReadOnlyMemory<byte> json)
    {
        Splice.Clear();
        Json = json;
        ChoiceCount = null;
        Usage = null;
        var reader = new Utf8JsonReader(json.Span, JsonText.Strict);
        reader.Read();
        if (reader.TokenType == JsonTokenType.String) throw Failure();
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("It is no object.");
        Root(ref reader);
        reader.Read();
    }

    /// <summary>Reads one element of <c>choices</c>, on whose start the reader stands, to its end.</summary>
    protected abstract void Choice(ref Utf8JsonReader reader, int position);

    /// <summary>
    /// Whether the member <c>usage</c>, <c>null</c> or not, is to be taken out; it may be changed instead. The reader stands behind it.
    /// </summary>
    protected abstract bool TakesUsageOut(bool isNull, Utf8JsonReader ahead);

    /// <summary>The bytes of the value that was just read.</summary>
    protected ReadOnlySpan<byte> Value(long start, long end) => Json.Span[(int)start..(int)end];

    protected void ReplaceValue(long start, long end, ReadOnlyMemory<byte> json) => Splice.Replace(start, end - start, json);

    /// <summary>A member for the front of an object, with its comma unless it will be alone.</summary>
    protected void InsertMember(long inside, ReadOnlySpan<byte> name, ReadOnlySpan<byte> json, bool alone = false) =>
        Splice.Insert(inside, (byte[])[(byte)'"', .. name, (byte)'"', (byte)':', .. json, .. alone ? ""u8 : ","u8]);

    private void Root(ref Utf8JsonReader reader)
    {
        var inside = reader.BytesConsumed;
        var cursor = new ObjectCursor(Splice, inside);
        bool hasId = false, hasCreated = false, hasModel = false, hasKind = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            cursor.Name(reader.TokenStartIndex);
            var remove = false;
            if (JsonText.Is(ref reader, "choices"u8)) Choices(ref reader);
            else if (JsonText.Is(ref reader, "id"u8)) hasId = Identify(ref reader);
            else if (JsonText.Is(ref reader, "created"u8)) hasCreated = Date(ref reader);
            else if (JsonText.Is(ref reader, "model"u8)) hasModel = NameModel(ref reader);
            else if (JsonText.Is(ref reader, "object"u8)) hasKind = reader.Read();
            else if (JsonText.Is(ref reader, "usage"u8)) remove = TakeUsage(ref reader);
            else if (JsonText.Is(ref reader, "error"u8)) FailOnError(ref reader);
            else reader.Read();
            reader.Skip();
            cursor.Value(reader.BytesConsumed, remove);
        }

        cursor.End();
        if (ChoiceCount is null) return;
        if (!hasId) InsertMember(inside, "id"u8, Identity.Id);
        if (!hasKind) InsertMember(inside, "object"u8, Kind.Span);
        if (!hasCreated) InsertMember(inside, "created"u8, Identity.Created);
        if (!hasModel) InsertMember(inside, "model"u8, Identity.Model);
    }

    private void Choices(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return;
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("'choices' is no array.");
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("A choice is no object.");
            Choice(ref reader, count++);
        }

        ChoiceCount = count;
    }

    private bool Identify(ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        var good = reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty;
        reader.Skip();
        if (!good) ReplaceValue(start, reader.BytesConsumed, Identity.Id);
        else if (IsOneOfMany) Identity.LearnId(Value(start, reader.BytesConsumed));
        return true;
    }

    private bool Date(ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        var good = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out _);
        reader.Skip();
        if (!good) ReplaceValue(start, reader.BytesConsumed, Identity.Created);
        else if (IsOneOfMany) Identity.LearnCreated(Value(start, reader.BytesConsumed));
        return true;
    }

    private bool NameModel(ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        var good = reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty;
        if (good && Tally.Model is null)
        {
            Tally.Model = JsonText.Read(ref reader, Model);
            Expected?.Verify(Tally.Model ?? "");
        }

        reader.Skip();
        if (!good) ReplaceValue(start, reader.BytesConsumed, Identity.Model);
        else if (IsOneOfMany) Identity.LearnModel(Value(start, reader.BytesConsumed));
        return true;
    }

    private bool TakeUsage(ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        var isNull = reader.TokenType == JsonTokenType.Null;
        if (reader.TokenType == JsonTokenType.StartObject && UsageFacts.Read(ref reader) is { IsEmpty: false } facts)
        {
            Usage = facts;
            Tally.Usage = facts.ToUsage();
        }

        reader.Skip();
        UsageRange = (int)start..(int)reader.BytesConsumed;
        return TakesUsageOut(isNull, reader);
    }

    private void FailOnError(ref Utf8JsonReader reader)
    {
        reader.Read();
        var nothing = reader.TokenType is JsonTokenType.Null or JsonTokenType.False || (reader.TokenType == JsonTokenType.String && reader.ValueSpan.IsEmpty);
        if (!nothing) throw Failure();
    }

    private GatewayException Failure() => new(UpstreamErrors.Read(200, Json.Span, Backend));
}
