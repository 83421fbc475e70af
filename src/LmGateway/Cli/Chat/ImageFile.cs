namespace LmGateway.Cli.Chat;

/// <summary>A picture from the disk as a data URI.</summary>
internal static class ImageFile
{
    private const long Largest = 20 * 1024 * 1024;

    public static string Read(string file, string folder)
    {
        var path = Path.GetFullPath(file, folder);
        if (!File.Exists(path)) throw new CommandException(CommandFailure.Usage($"There is no file {file}.", "Give --image the path of a PNG, JPEG, WebP or GIF file."));
        if (new FileInfo(path).Length > Largest) throw new CommandException(CommandFailure.Usage($"{file} is larger than {Largest / 1024 / 1024} MiB.", "Make the picture smaller."));
        var bytes = File.ReadAllBytes(path);
        var type = TypeOf(bytes) ?? throw new CommandException(CommandFailure.Usage($"{file} is no PNG, JPEG, WebP or GIF picture.", "Convert it to one of these."));
        return $"data:{type};base64,{Convert.ToBase64String(bytes)}";
    }

    /// <summary>By its first bytes; names of files say anything.</summary>
    private static string? TypeOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 4 && bytes[0] == 0x89 && bytes[1..4].SequenceEqual("PNG"u8)) return "image/png";
        if (bytes.Length > 3 && bytes[0] == 0xFF && bytes[1] == 0xD8) return "image/jpeg";
        if (bytes.StartsWith("GIF8"u8)) return "image/gif";
        return bytes.Length > 12 && bytes.StartsWith("RIFF"u8) && bytes[8..12].SequenceEqual("WEBP"u8) ? "image/webp" : null;
    }
}
