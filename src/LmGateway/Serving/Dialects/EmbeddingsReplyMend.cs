using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// Makes a whole embeddings reply one that OpenAI's clients read. Where the caller asked for base64, arrays of numbers become
/// little-endian 32-bit floats in base64; everything else keeps its memory.
/// </summary>
internal sealed class EmbeddingsReplyMend
{
    private readonly ReadOnlyMemory<byte> body;
    private readonly ReplyMendOptions options;
    private readonly ReplyTally tally;
    private readonly BodySplice splice = new();
    private readonly PooledBuffer texts;
    private readonly List<(long Start, long End, int From, int Length)> converted = [];

    private EmbeddingsReplyMend(ReadOnlyMemory<byte> body, ReplyMendOptions options, ReplyTally tally, PooledBuffer texts)
    {
        this.body = body;
        this.options = options;
        this.tally = tally;
        this.texts = texts;
    }

    /// <summary>Throws a <see cref="GatewayException"/> for an error in a success's clothes, and for what is no list of embeddings.</summary>
    public static MendedReply Apply(ReadOnlyMemory<byte> body, ReplyMendOptions options, ReplyTally tally)
    {
        body = WholeReply.WithoutMark(body);
        var own = new PooledBuffer(options.Pool);
        try
        {
            var mend = new EmbeddingsReplyMend(body, options, tally, own);
            WholeReply.Reading(mend, static (mend, _) => mend.Root(), body, options.Backend);
            foreach (var (start, end, from, length) in mend.converted) mend.splice.Replace(start, end - start, own.Written.Slice(from, length));
            return new MendedReply(mend.splice.Apply(new ReadOnlySequence<byte>(body)), own);
        }
        catch
        {
            own.Dispose();
            throw;
        }
    }

    private void Root()
    {
        var reader = new Utf8JsonReader(body.Span, JsonText.Strict);
        reader.Read();
        if (reader.TokenType == JsonTokenType.String) throw Failure();
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("It is no object.");
        var inside = reader.BytesConsumed;
        var (hasData, hasKind, hasModel) = (false, false, false);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (JsonText.Is(ref reader, "data"u8)) hasData = Data(ref reader);
            else if (JsonText.Is(ref reader, "object"u8)) hasKind = reader.Read();
            else if (JsonText.Is(ref reader, "model"u8)) hasModel = Model(ref reader);
            else if (JsonText.Is(ref reader, "usage"u8)) Usage(ref reader);
            else if (JsonText.Is(ref reader, "error"u8)) FailOnError(ref reader);
            else reader.Read();
            reader.Skip();
        }

        reader.Read();
        if (!hasData) throw new JsonException("There is no 'data'.");
        if (!hasKind) Insert(inside, "\"object\":\"list\",");
        if (!hasModel) Insert(inside, $"\"model\":{Encoding.UTF8.GetString(JsonText.Quote(options.Model))},");
    }

    private bool Data(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("'data' is no array.");
        for (var position = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; position++)
        {
            if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("An embedding is no object.");
            Item(ref reader, position);
        }

        return true;
    }

    private void Item(ref Utf8JsonReader reader, int position)
    {
        var inside = reader.BytesConsumed;
        var (hasIndex, hasKind, hasEmbedding) = (false, false, false);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (JsonText.Is(ref reader, "embedding"u8)) hasEmbedding = Embedding(ref reader);
            else if (JsonText.Is(ref reader, "index"u8)) hasIndex = reader.Read();
            else if (JsonText.Is(ref reader, "object"u8)) hasKind = reader.Read();
            else reader.Read();
            reader.Skip();
        }

        if (!hasEmbedding) throw new JsonException("There is no 'embedding'.");
        if (!hasKind) Insert(inside, "\"object\":\"embedding\",");
        if (!hasIndex) Insert(inside, string.Create(CultureInfo.InvariantCulture, $"\"index\":{position},"));
    }

    private bool Embedding(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String) return true;
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("'embedding' is no array.");
        if (!options.Base64Embeddings) return true;
        var (start, from) = (reader.TokenStartIndex, texts.Length);
        using var floats = new PooledBuffer(options.Pool);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetSingle(out var number)) throw new JsonException("'embedding' holds something that is no number.");
            BinaryPrimitives.WriteSingleLittleEndian(floats.GetSpan(4), number);
            floats.Advance(4);
        }

        texts.Write("\""u8);
        Base64.EncodeToUtf8(floats.WrittenSpan, texts.GetSpan(Base64.GetMaxEncodedToUtf8Length(floats.Length)), out _, out var written);
        texts.Advance(written);
        texts.Write("\""u8);
        converted.Add((start, reader.BytesConsumed, from, texts.Length - from));
        return true;
    }

    private bool Model(ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        var good = reader.TokenType == JsonTokenType.String;
        if (good) tally.Model = JsonText.Read(ref reader, options.Model);
        reader.Skip();
        if (!good) splice.Replace(start, reader.BytesConsumed - start, JsonText.Quote(options.Model));
        return true;
    }

    private void Usage(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartObject && UsageFacts.Read(ref reader) is { IsEmpty: false } facts) tally.Usage = facts.ToUsage();
    }

    private void FailOnError(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.Null) throw Failure();
    }

    private void Insert(long inside, string member) => splice.Insert(inside, Encoding.UTF8.GetBytes(member));

    private GatewayException Failure() => new(UpstreamErrors.Read(200, body.Span, options.Backend));
}
