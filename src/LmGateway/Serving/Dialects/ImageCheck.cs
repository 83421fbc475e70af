using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using LmGateway.Backends;
using LmGateway.Serving.Images;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>An image in a body: the place of its address, a JSON string, or of Anthropic's source object around it, and its path for errors.</summary>
internal readonly record struct FoundImage(long Start, long Length, string Path)
{
    /// <summary>The place is a source object, which holds an address or bare base64.</summary>
    public bool IsSource { get; init; }
}

/// <summary>The images of a body that a backend refuses as they are and gets in another form.</summary>
internal sealed class UnfitImages
{
    public List<FoundImage> WebPs { get; } = [];

    /// <summary>Images at addresses; null where they are not fetched.</summary>
    public List<FoundImage>? Remotes { get; init; }

    public bool IsEmpty => WebPs.Count == 0 && Remotes is null or { Count: 0 };
}

/// <summary>
/// Judges the address of an image before a backend has to: what it is told about a bad one is often little. An image that the backend
/// refuses is an error, or noted in <paramref name="unfit"/> where that is given.
/// </summary>
internal sealed class ImageCheck(DialectDefects defects, UnfitImages? unfit = null)
{
    private const int LongestMagic = 12;

    /// <summary>Base64 in which the size of nearly every image stands.</summary>
    private const int HeadLength = 64 * 1024;

    /// <summary><see cref="ErrorCode.InvalidImage"/> unless the reader's string is an image that the backend takes.</summary>
    /// <param name="start">Where the string stands in the body.</param>
    public void Check(ref Utf8JsonReader reader, long start, string path) =>
        Check(ref reader, new FoundImage(start, reader.BytesConsumed - reader.TokenStartIndex, path));

    /// <summary>The same for an image whose place is known; the reader's string is its data alone where it is no address.</summary>
    public void Check(ref Utf8JsonReader reader, FoundImage image, bool isData = false)
    {
        if (!reader.HasValueSequence && !reader.ValueIsEscaped)
        {
            Judge(reader.ValueSpan, image, isData);
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)(reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length));
        try
        {
            Judge(buffer.AsSpan(0, reader.CopyString(buffer)), image, isData);
        }
        catch (InvalidOperationException)
        {
            throw Invalid("The address of the image is not text.", image);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Judge(ReadOnlySpan<byte> text, FoundImage image, bool isData)
    {
        if (isData) CheckData(text, image);
        else CheckAddress(text, image);
    }

    private void CheckAddress(ReadOnlySpan<byte> address, FoundImage image)
    {
        if (StartsWith(address, "data:"u8))
        {
            CheckUri(address[5..], image);
            return;
        }

        if (!StartsWith(address, "http://"u8) && !StartsWith(address, "https://"u8))
            throw Invalid("An image must be a data URI: data:image/png;base64,…", image);
        if (!defects.HasFlag(DialectDefects.RefusesRemoteImages)) return;
        if (unfit?.Remotes is not { } remotes) throw Invalid("Images are not fetched from addresses. Send the image itself as a data URI: data:image/png;base64,…", image);
        remotes.Add(image);
    }

    private void CheckUri(ReadOnlySpan<byte> uri, FoundImage image)
    {
        var comma = uri.IndexOf((byte)',');
        if (comma < 0 || !uri[..comma].EndsWith(";base64"u8)) throw Invalid("The image's data URI must be base64: data:image/png;base64,…", image);
        CheckData(uri[(comma + 1)..], image);
    }

    private void CheckData(ReadOnlySpan<byte> data, FoundImage image)
    {
        if (data.IsEmpty || !Base64.IsValid(data)) throw Invalid("The image's data is not valid base64.", image);
        var kind = KindOf(data);
        if (kind is null) throw Invalid("The image's data is no PNG, JPEG, WebP or GIF.", image);
        if (kind is "WebP" or "GIF" && defects.HasFlag(DialectDefects.RefusesWebP))
        {
            if (kind == "GIF" || unfit is null) throw Invalid($"The backend does not take {kind} images. Send PNG or JPEG.", image);
            unfit.WebPs.Add(image);
        }

        CheckSize(data, image);
    }

    /// <summary>Whoever decodes it would need four bytes for each pixel, however small the data is.</summary>
    private static void CheckSize(ReadOnlySpan<byte> data, FoundImage image)
    {
        foreach (var most in (ReadOnlySpan<int>)[HeadLength, data.Length])
        {
            var part = data[..Math.Min(most, data.Length)];
            var buffer = ArrayPool<byte>.Shared.Rent(Base64.GetMaxDecodedFromUtf8Length(part.Length));
            try
            {
                Base64.DecodeFromUtf8(part, buffer, out _, out var written, isFinalBlock: false);
                var bytes = buffer.AsSpan(0, written);
                if (ImageHeader.KindOf(bytes) is not { } kind) return;
                if (ImageHeader.SizeOf(kind, bytes) is not var (width, height)) continue;
                if (new ImageHeader(kind, width, height).IsTooLarge) throw Invalid($"The image has {width} x {height} pixels; at most {ImageHeader.MostPixels / 1_000_000} megapixels are taken.", image);
                return;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
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

    internal static GatewayException Invalid(string message, FoundImage image) =>
        new(new GatewayError(ErrorCode.InvalidImage, message) { Parameter = image.Path });
}
