using System.Buffers.Binary;

namespace LmGateway.Tests.Serving.Images;

/// <summary>Small images of each kind. The WebP ones can be decoded; of the others only the headers are true.</summary>
internal static class TestImages
{
    /// <summary>8 x 6 pixels, lossy.</summary>
    public static byte[] WebP { get; } = Convert.FromBase64String("UklGRj4AAABXRUJQVlA4IDIAAADwAQCdASoIAAYAAgA0JagCdLoB+AAEgwAA/u8G0rysy/9CT8EnYPtl/8wqaWrPt2AAAA==");

    /// <summary>8 x 6 pixels, lossless.</summary>
    public static byte[] LosslessWebP { get; } = Convert.FromBase64String("UklGRjoAAABXRUJQVlA4TC4AAAAvB0ABAC8gEEiC3V9iiTkY5PnPLBsQspGkUziFV3iFV3h/rU5E/2Ow1cGtXvUB");

    /// <summary>A header that says so, and nothing that could be decoded.</summary>
    public static byte[] ExtendedWebP(int width, int height)
    {
        var data = new byte[64];
        "RIFF"u8.CopyTo(data);
        BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(4), data.Length - 8);
        "WEBPVP8X"u8.CopyTo(data.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(16), 10);
        BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(24), width - 1);
        BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(27), height - 1);
        return data;
    }

    public static byte[] Png(int width = 8, int height = 6, int length = 64)
    {
        var data = new byte[length];
        ((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]).CopyTo(data);
        "IHDR"u8.CopyTo(data.AsSpan(12));
        BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(20), height);
        return data;
    }

    /// <summary>With a thumbnail of another size inside a segment, padding, and a progressive frame.</summary>
    public static byte[] Jpeg(int width = 8, int height = 6)
    {
        byte[] frame = [0xFF, 0xC2, 0, 17, 8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
        byte[] thumbnail = [0xFF, 0xE1, 0, 2 + 13, 0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0, 1, 0, 1, 0xFF, 0xD9];
        return [0xFF, 0xD8, .. thumbnail, 0xFF, .. (byte[])[0xFF, 0xC4, 0, 3, 9], .. frame, 0xFF, 0xD9];
    }

    public static byte[] Gif { get; } = [.. "GIF89a"u8, 8, 0, 6, 0, 0, 0, 0];
}
