using System.Buffers;
using System.Text;
using System.Text.Json;
using LmGateway.Backends;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// Mends inside <c>messages</c>: image parts are checked and brought into one form, a tool's text parts become one string, and the
/// arguments of earlier tool calls become JSON in a string. Bodies without images and tools are not walked through.
/// </summary>
internal sealed class MessageMends
{
    private readonly ReadOnlySequence<byte> value;
    private readonly long origin;
    private readonly BodySplice splice;
    private readonly ImageCheck images;
    private int message;

    private MessageMends(RequestPeek peek, RequestMember messages, BodySplice splice, ImageCheck images)
    {
        value = peek.Value(messages);
        origin = messages.ValueStart;
        this.splice = splice;
        this.images = images;
    }

    public static void Apply(RequestPeek peek, RequestPlan plan, DialectDefects defects)
    {
        if (plan.Single(RequestField.Messages) is not { } messages) return;
        var text = peek.Value(messages);
        if (!JsonText.Contains(text, "image_url"u8) && !JsonText.Contains(text, "tool_call"u8)) return;
        new MessageMends(peek, messages, plan.Splice, new ImageCheck(defects)).Walk();
    }

    /// <summary>Whether a chat may hold images; it need not be walked through where it does not.</summary>
    public static bool MayHoldImages(RequestPeek peek) => peek.Find(RequestField.Messages) is { } messages && JsonText.Contains(peek.Value(messages), "image_url"u8);

    /// <summary>Has every image of a chat judged.</summary>
    public static void CheckImages(RequestPeek peek, ImageCheck images)
    {
        if (peek.Find(RequestField.Messages) is { } messages) new MessageMends(peek, messages, new BodySplice(), images).Walk();
    }

    private void Walk()
    {
        var reader = ReaderAt(0);
        for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; message++)
        {
            if (reader.TokenType == JsonTokenType.StartObject) Message(ref reader);
            else throw RequestPeek.Invalid($"'messages[{message}]' must be an object.", RequestField.Messages);
        }
    }

    private void Message(ref Utf8JsonReader reader)
    {
        var isTool = false;
        var parts = -1L;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isRole = JsonText.Is(ref reader, "role"u8);
            var isContent = JsonText.Is(ref reader, "content"u8);
            var isCalls = JsonText.Is(ref reader, "tool_calls"u8);
            reader.Read();
            if (isRole) isTool = reader.TokenType == JsonTokenType.String && JsonText.Is(ref reader, "tool"u8);
            if (isContent) parts = reader.TokenType == JsonTokenType.StartArray ? reader.TokenStartIndex : -1;
            if (isCalls && reader.TokenType == JsonTokenType.StartArray) ToolCalls(ref reader);
            else reader.Skip();
        }

        if (parts < 0) return;
        if (!isTool || !TryFlatten(ReaderAt(parts), parts)) Parts(ReaderAt(parts), parts);
    }

    /// <summary>LM Studio takes a tool's result as a string only. Anything but text is left for the backend to judge.</summary>
    private bool TryFlatten(Utf8JsonReader reader, long start)
    {
        var text = new StringBuilder();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string? type = null, piece = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isType = JsonText.Is(ref reader, "type"u8);
                var isText = JsonText.Is(ref reader, "text"u8);
                reader.Read();
                if (isType && reader.TokenType == JsonTokenType.String) type = JsonText.Read(ref reader);
                else if (isText && reader.TokenType == JsonTokenType.String) piece = JsonText.Read(ref reader);
                reader.Skip();
            }

            if (type != "text" || piece is null) return false;
            if (text.Length > 0) text.Append('\n');
            text.Append(piece);
        }

        if (reader.TokenType != JsonTokenType.EndArray) return false;
        splice.Replace(origin + start, reader.BytesConsumed, JsonText.Quote(text.ToString()));
        return true;
    }

    private void Parts(Utf8JsonReader reader, long start)
    {
        for (var part = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; part++)
        {
            if (reader.TokenType == JsonTokenType.StartObject) Part(ref reader, start, $"messages[{message}].content[{part}].image_url");
            else reader.Skip();
        }
    }

    private void Part(ref Utf8JsonReader reader, long start, string path)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isImage = JsonText.Is(ref reader, "image_url"u8);
            reader.Read();
            if (isImage && reader.TokenType == JsonTokenType.String)
            {
                images.Check(ref reader, origin + start + reader.TokenStartIndex, path);
                splice.Insert(origin + start + reader.TokenStartIndex, "{\"url\":"u8.ToArray());
                splice.Insert(origin + start + reader.BytesConsumed, "}"u8.ToArray());
            }
            else if (isImage && reader.TokenType == JsonTokenType.StartObject)
            {
                Image(ref reader, start, path);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void Image(ref Utf8JsonReader reader, long start, string path)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isAddress = JsonText.Is(ref reader, "url"u8);
            reader.Read();
            if (isAddress && reader.TokenType == JsonTokenType.String) images.Check(ref reader, origin + start + reader.TokenStartIndex, path);
            reader.Skip();
        }
    }

    private void ToolCalls(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isFunction = JsonText.Is(ref reader, "function"u8);
                reader.Read();
                if (isFunction && reader.TokenType == JsonTokenType.StartObject) Function(ref reader);
                else reader.Skip();
            }
        }

        // Something that is no call ends the walk through this list; the rest of the message is still read.
        while (reader.TokenType != JsonTokenType.EndArray)
        {
            reader.Skip();
            reader.Read();
        }
    }

    /// <summary>Chat templates parse earlier arguments as JSON: <c>""</c> must be <c>{}</c>, an object must be its text.</summary>
    private void Function(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isArguments = JsonText.Is(ref reader, "arguments"u8);
            reader.Read();
            var start = reader.TokenStartIndex;
            var kind = reader.TokenType;
            var isEmpty = kind == JsonTokenType.Null || (kind == JsonTokenType.String && JsonText.Is(ref reader, ""u8));
            reader.Skip();
            if (!isArguments) continue;
            var length = reader.BytesConsumed - start;
            if (isEmpty) splice.Replace(origin + start, length, "\"{}\""u8.ToArray());
            else if (kind == JsonTokenType.StartObject) splice.Replace(origin + start, length, JsonText.QuoteUtf8(value.Slice(start, length).ToArray()));
        }
    }

    /// <summary>A reader on the array that begins there.</summary>
    private Utf8JsonReader ReaderAt(long start)
    {
        var reader = new Utf8JsonReader(value.Slice(start), JsonText.Strict);
        reader.Read();
        return reader;
    }
}
