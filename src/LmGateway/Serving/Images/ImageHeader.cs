using System.Buffers.Binary;

namespace LmGateway.Serving.Images;

internal enum ImageKind
{
    Png,
    Jpeg,
    WebP,
}

/// <summary>Kind and size of an image as its first bytes tell them. Nothing is decoded, whatever the image claims to be.</summary>
internal readonly record struct ImageHeader(ImageKind Kind, int Width, int Height)
{
    /// <summary>A decoder needs four bytes for each pixel, however small the file is.</summary>
    public const long MostPixels = 64_000_000;

    public bool IsTooLarge => (long)Width * Height > MostPixels;

    public string MediaType => Kind switch
    {
        ImageKind.Png => "image/png",
        ImageKind.Jpeg => "image/jpeg",
        _ => "image/webp",
    };

    /// <summary>The kind by the magic bytes; null for anything that no backend takes.</summary>
    public static ImageKind? KindOf(ReadOnlySpan<byte> data)
    {
        if (data.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A])) return ImageKind.Png;
        if (data.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])) return ImageKind.Jpeg;
        return data.Length >= 12 && data.StartsWith("RIFF"u8) && data[8..].StartsWith("WEBP"u8) ? ImageKind.WebP : null;
    }

    /// <summary>The header, or what is wrong with the image in words for people.</summary>
    public static string? Read(ReadOnlySpan<byte> data, out ImageHeader header)
    {
        header = default;
        if (KindOf(data) is not { } kind) return "the data is no JPEG, PNG or WebP image";
        if (SizeOf(kind, data) is not { } size) return "the image is broken: its header does not tell its size";
        header = new ImageHeader(kind, size.Width, size.Height);
        return header.IsTooLarge ? $"the image has {size.Width} x {size.Height} pixels; at most {MostPixels / 1_000_000} megapixels are taken" : null;
    }

    /// <summary>Null where the header, or as much of it as is given, does not tell it.</summary>
    public static (int Width, int Height)? SizeOf(ImageKind kind, ReadOnlySpan<byte> data)
    {
        var size = kind switch
        {
            ImageKind.Png => Png(data),
            ImageKind.Jpeg => Jpeg(data),
            _ => WebP(data),
        };
        return size is ( > 0, > 0) ? size : null;
    }

    private static (int Width, int Height) Png(ReadOnlySpan<byte> data) =>
        data.Length < 24 || !data[12..].StartsWith("IHDR"u8) ? default : (BinaryPrimitives.ReadInt32BigEndian(data[16..]), BinaryPrimitives.ReadInt32BigEndian(data[20..]));

    /// <summary>Segments follow one another up to the frame header, which has the size; thumbnails lie inside segments and are passed over.</summary>
    private static (int Width, int Height) Jpeg(ReadOnlySpan<byte> data)
    {
        var at = 2;
        while (at + 9 <= data.Length && data[at] == 0xFF)
        {
            var marker = data[at + 1];
            if (marker == 0xFF)
            {
                at++;       // padding
                continue;
            }

            var isFrame = marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);
            if (isFrame) return (BinaryPrimitives.ReadUInt16BigEndian(data[(at + 7)..]), BinaryPrimitives.ReadUInt16BigEndian(data[(at + 5)..]));
            var isAlone = marker is 0x01 or >= 0xD0 and <= 0xD8;
            at += isAlone ? 2 : 2 + BinaryPrimitives.ReadUInt16BigEndian(data[(at + 2)..]);
        }

        return default;
    }

    private static (int Width, int Height) WebP(ReadOnlySpan<byte> data)
    {
        if (data.Length < 30) return default;
        var chunk = data[12..16];
        if (chunk.SequenceEqual("VP8 "u8)) return (BinaryPrimitives.ReadUInt16LittleEndian(data[26..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(data[28..]) & 0x3FFF);
        if (chunk.SequenceEqual("VP8X"u8)) return (1 + UInt24(data[24..]), 1 + UInt24(data[27..]));
        if (!chunk.SequenceEqual("VP8L"u8) || data[20] != 0x2F) return default;
        var packed = BinaryPrimitives.ReadUInt32LittleEndian(data[21..]);
        return (1 + (int)(packed & 0x3FFF), 1 + (int)(packed >> 14 & 0x3FFF));
    }

    private static int UInt24(ReadOnlySpan<byte> data) => data[0] | data[1] << 8 | data[2] << 16;
}
