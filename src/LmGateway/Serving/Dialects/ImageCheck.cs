using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>Judges the address of an image before a backend has to: what it is told about a bad one is often little.</summary>
internal sealed class ImageCheck(DialectDefects defects)
{
    private const int LongestMagic = 12;

    /// <summary><see cref="ErrorCode.InvalidImage"/> unless the reader's string is an image that the backend takes.</summary>
    public void Check(ref Utf8JsonReader reader, string path)
    {
        if (!reader.HasValueSequence && !reader.ValueIsEscaped)
        {
            Check(reader.ValueSpan, path);
            return;
        }

        var length = (int)(reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length);
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            Check(buffer.AsSpan(0, reader.CopyString(buffer)), path);
        }
        catch (InvalidOperationException)
        {
            throw Invalid("The address of the image is not text.", path);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Check(ReadOnlySpan<byte> address, string path)
    {
        if (StartsWith(address, "data:"u8))
        {
            CheckData(address[5..], path);
            return;
        }

        if (!StartsWith(address, "http://"u8) && !StartsWith(address, "https://"u8))
            throw Invalid("An image must be a data URI: data:image/png;base64,…", path);
        if (defects.HasFlag(DialectDefects.RefusesRemoteImages))
            throw Invalid("Images are not fetched from addresses. Send the image itself as a data URI: data:image/png;base64,…", path);
    }

    private void CheckData(ReadOnlySpan<byte> uri, string path)
    {
        var comma = uri.IndexOf((byte)',');
        if (comma < 0 || !uri[..comma].EndsWith(";base64"u8)) throw Invalid("The image's data URI must be base64: data:image/png;base64,…", path);
        var data = uri[(comma + 1)..];
        if (data.IsEmpty || !Base64.IsValid(data)) throw Invalid("The image's data is not valid base64.", path);
        var kind = KindOf(data);
        if (kind is null) throw Invalid("The image's data is no PNG, JPEG, WebP or GIF.", path);
        if (kind is "WebP" or "GIF" && defects.HasFlag(DialectDefects.RefusesWebP)) throw Invalid($"The backend does not take {kind} images. Send PNG or JPEG.", path);
    }

    private static string? KindOf(ReadOnlySpan<byte> data)
    {
        Span<byte> text = stackalloc byte[4 * LongestMagic / 3];
        var length = 0;
        foreach (var letter in data)
        {
            if (length == text.Length) break;
            if (!char.IsWhiteSpace((char)letter)) text[length++] = letter;
        }

        Span<byte> magic = stackalloc byte[LongestMagic];
        Base64.DecodeFromUtf8(text[..length], magic, out _, out _);
        if (magic.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G'])) return "PNG";
        if (magic.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])) return "JPEG";
        if (magic.StartsWith("GIF8"u8)) return "GIF";
        return magic.StartsWith("RIFF"u8) && magic[8..].SequenceEqual("WEBP"u8) ? "WebP" : null;
    }

    private static bool StartsWith(ReadOnlySpan<byte> address, ReadOnlySpan<byte> scheme) =>
        address.Length >= scheme.Length && System.Text.Ascii.EqualsIgnoreCase(address[..scheme.Length], scheme);

    private static GatewayException Invalid(string message, string path) =>
        new(new GatewayError(ErrorCode.InvalidImage, message) { Parameter = path });
}
