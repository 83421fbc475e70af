using System.Buffers;
using System.Text.Json;
using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// The images of the dialects whose parts may lie deep inside others: <c>image_url</c> in <c>/v1/responses</c>, a <c>source</c> in
/// <c>/v1/messages</c>, <c>data_url</c> in <c>/api/v1/chat</c>. Bodies without any are not walked through.
/// </summary>
internal sealed class NestedImages
{
    private readonly ReadOnlySequence<byte> value;
    private readonly long origin;
    private readonly ImageCheck images;
    private readonly string? address;

    private NestedImages(in ReadOnlySequence<byte> value, long origin, ImageCheck images, string? address)
    {
        this.value = value;
        this.origin = origin;
        this.images = images;
        this.address = address;
    }

    /// <summary><see cref="ErrorCode.InvalidImage"/> where a backend of these defects could not take one.</summary>
    public static void Check(RequestPeek peek, DialectDefects defects) => Walk(peek, new ImageCheck(defects));

    /// <summary>Has every image judged.</summary>
    public static void Walk(RequestPeek peek, ImageCheck images)
    {
        var (field, address) = peek.Dialect switch
        {
            Dialect.OpenAiResponses => (RequestField.Input, "image_url"),
            Dialect.LmStudioV1 => (RequestField.Input, "data_url"),
            Dialect.AnthropicMessages => (RequestField.Messages, null),
            _ => throw new ArgumentException("The dialect has no nested images.", nameof(peek)),
        };
        if (peek.Find(field) is not { Kind: JsonTokenType.StartArray } member) return;
        var list = peek.Value(member);
        var mark = address is null ? "\"image\""u8 : address == "image_url" ? "image_url"u8 : "data_url"u8;
        if (!JsonText.Contains(list, mark)) return;
        var reader = new Utf8JsonReader(list, JsonText.Strict);
        reader.Read();
        new NestedImages(list, member.ValueStart, images, address).Any(ref reader, RequestFields.Name(field));
    }

    private void Any(ref Utf8JsonReader reader, string path)
    {
        if (reader.TokenType == JsonTokenType.StartObject) Object(ref reader, path);
        if (reader.TokenType != JsonTokenType.StartArray) return;
        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++) Any(ref reader, $"{path}[{index}]");
    }

    private void Object(ref Utf8JsonReader reader, string path)
    {
        var source = -1L;
        var isImage = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonText.Read(ref reader);
            reader.Read();
            var start = reader.TokenStartIndex;
            if (reader.TokenType == JsonTokenType.String)
            {
                isImage |= name == "type" && JsonText.Is(ref reader, "image"u8);
                if (name == address) images.Check(ref reader, origin + start, $"{path}.{name}");
            }
            else if (address is null && name is "source" or "input")
            {
                if (name == "source" && reader.TokenType == JsonTokenType.StartObject) source = start;
                reader.Skip();      // "input" is what a tool was called with
            }
            else
            {
                Any(ref reader, $"{path}.{name}");
            }
        }

        if (isImage && source >= 0) Source(source, path + ".source");
    }

    /// <summary>
    /// <c>{"type":"url","url":…}</c> or <c>{"type":"base64","media_type":…,"data":…}</c>; one that names two images is refused, anything else is for
    /// the backend to judge.
    /// </summary>
    private void Source(long start, string path)
    {
        var whole = new Utf8JsonReader(value.Slice(start), JsonText.Strict);
        whole.Read();
        whole.Skip();
        var image = new FoundImage(origin + start, whole.BytesConsumed, path) { IsSource = true };
        var reader = new Utf8JsonReader(value.Slice(start), JsonText.Strict);
        reader.Read();
        var named = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isUrl = JsonText.Is(ref reader, "url"u8);
            var isData = JsonText.Is(ref reader, "data"u8);
            reader.Read();
            if ((isUrl || isData) && ++named > 1) throw ImageCheck.Invalid("The source of an image must have one 'url' or one 'data'.", image);
            if (reader.TokenType == JsonTokenType.String && (isUrl || isData)) images.Check(ref reader, image, isData);
            reader.Skip();
        }
    }
}
