using System.Collections.Concurrent;

namespace LmStudio.Simulator.Engine;

/// <summary>An uploaded file; its identifier is what prompts refer to.</summary>
public sealed record UploadedFile(string Identifier, string Name, string FileType, string MediaType, byte[] Content);

/// <summary>The files that clients have uploaded.</summary>
public sealed class UploadedFiles
{
    private readonly ConcurrentDictionary<string, UploadedFile> _files = new(StringComparer.Ordinal);

    public UploadedFile Add(string name, byte[] content)
    {
        var mediaType = ImageFormat.Of(content);
        var identifier = Guid.NewGuid().ToString("N") + Path.GetExtension(name).ToLowerInvariant();
        var file = new UploadedFile(identifier, name, FileTypeOf(name, mediaType), mediaType ?? "application/octet-stream", content);
        _files[file.Identifier] = file;
        return file;
    }

    public UploadedFile? Find(string identifier) => _files.GetValueOrDefault(identifier);

    private static string FileTypeOf(string name, string? imageType) => imageType is not null ? "image" : Path.GetExtension(name).ToLowerInvariant() switch
    {
        ".png" or ".jpg" or ".jpeg" or ".webp" or ".gif" or ".bmp" => "image",
        ".txt" or ".md" => "text/plain",
        ".pdf" => "application/pdf",
        ".docx" => "application/word",
        ".csv" or ".json" or ".html" => "text/other",
        _ => "unknown",
    };
}

/// <summary>Images told apart by their first bytes.</summary>
public static class ImageFormat
{
    /// <summary>The media type of an image, or null when the bytes begin like none that is known.</summary>
    public static string? Of(ReadOnlySpan<byte> content)
    {
        if (content.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47])) return "image/png";
        if (content.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])) return "image/jpeg";
        if (content.StartsWith("GIF8"u8)) return "image/gif";
        if (content.Length >= 12 && content.StartsWith("RIFF"u8) && content[8..].StartsWith("WEBP"u8)) return "image/webp";
        return content.StartsWith("BM"u8) ? "image/bmp" : null;
    }
}
