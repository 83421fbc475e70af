using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using LmGateway.Serving.Images;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Chat;

/// <summary>Reads one image of a message: base64 or a whole data URL. What its bytes are counts for more than what is said of them.</summary>
internal static class ImageField
{
    private const string Expected = "'image/jpeg', 'image/png' or 'image/webp'";

    /// <summary>Null where a fault was noted.</summary>
    public static ChatImage? Read(BodyFields fields)
    {
        CheckType(fields);
        if (fields.Require("data_base64") is not { } field) return null;
        if (field.Value.ValueKind != JsonValueKind.String)
        {
            fields.Note(FieldFault.Wrong("string_type", field.Path, field.Value));
            return null;
        }

        var problem = Decode(Characters(field.Value), out var data);
        var header = default(ImageHeader);
        problem ??= ImageHeader.Read(data, out header);
        if (problem is null) return new ChatImage(header.MediaType, data);
        fields.Note(FieldFault.Unusable(field.Path, problem));
        return null;
    }

    private static void CheckType(BodyFields fields)
    {
        if (fields.Find("mime_type") is { } field && fields.Text("mime_type") is { } type && !IsTaken(type)) fields.Note(FieldFault.NotOneOf(field.Path, field.Value, Expected));
    }

    private static bool IsTaken(string type) => type.ToLowerInvariant() is "image/jpeg" or "image/jpg" or "image/png" or "image/webp";

    /// <summary>The text as it stands in the body; copied only where it has escapes.</summary>
    private static ReadOnlySpan<byte> Characters(JsonElement value)
    {
        var raw = JsonMarshal.GetRawUtf8Value(value)[1..^1];
        if (!raw.Contains((byte)'\\')) return raw;
        try
        {
            return Encoding.UTF8.GetBytes(value.GetString()!);
        }
        catch (InvalidOperationException)
        {
            return "\\"u8;       // no text, so no base64 either
        }
    }

    private static string? Decode(ReadOnlySpan<byte> text, out byte[] data)
    {
        data = [];
        if (text.Length >= 5 && Ascii.EqualsIgnoreCase(text[..5], "data:"u8))
        {
            var comma = text.IndexOf((byte)',');
            var head = comma < 0 ? "" : Encoding.UTF8.GetString(text[5..comma]);
            if (!head.EndsWith(";base64", StringComparison.OrdinalIgnoreCase)) return "a data URL must be base64: data:image/png;base64,…";
            var type = head[..head.IndexOf(';')];
            if (type.Length > 0 && !IsTaken(type)) return $"the data URL is of the type '{type}'; it should be {Expected}";
            text = text[(comma + 1)..];
        }

        if (!Base64.IsValid(text, out var length) || length == 0) return "the data is not valid base64";
        data = new byte[length];
        Base64.DecodeFromUtf8(text, data, out _, out _);
        return null;
    }
}
