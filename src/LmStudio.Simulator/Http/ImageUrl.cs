using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>Images in requests: base64 in a data URI. LM Studio takes neither remote addresses nor WebP.</summary>
internal static class ImageUrl
{
    /// <summary>Reads a data URI.</summary>
    /// <exception cref="HttpErrorException">It is an address, WebP, or no base64.</exception>
    public static PromptImage Read(string? url)
    {
        const string Marker = ";base64,";
        var at = url?.IndexOf(Marker, StringComparison.OrdinalIgnoreCase) ?? -1;
        if (url is null || at < 0 || !url.StartsWith("data:", StringComparison.OrdinalIgnoreCase)) throw NotBase64();
        return FromBase64(url[(at + Marker.Length)..], url["data:".Length..at]);
    }

    /// <summary>Reads bare base64.</summary>
    public static PromptImage FromBase64(string base64, string mediaType)
    {
        var content = new byte[base64.Length * 3 / 4 + 3];
        if (!Convert.TryFromBase64String(base64, content, out var length) || length == 0) throw NotBase64();
        var type = ImageFormat.Of(content.AsSpan(0, length)) ?? mediaType;
        return type == "image/webp" || mediaType == "image/webp" ? throw NotBase64() : new PromptImage(type, length);
    }

    /// <summary>Refuses images for a model that cannot see.</summary>
    public static void Check(LoadedInstance instance, GenerationRequest request)
    {
        if (!instance.Model.Vision && request.Messages.Any(message => message.Images.Count > 0))
            throw HttpError.Plain("Model does not support images. Please use a model that does.");
    }

    private static HttpErrorException NotBase64() => HttpError.Plain("'url' field must be a base64 encoded image.");
}
