using System.Buffers;
using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Serving.Images;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Translation;

/// <summary>A request's body to be read in its dialect's words. What cannot be translated is an error that names it, never dropped in silence.</summary>
internal sealed class RequestBody(JsonElement json)
{
    public JsonElement Json { get; } = json;

    public static RequestBody Parse(in ReadOnlySequence<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 256 });
        return new RequestBody(JsonElement.ParseValue(ref reader));
    }

    /// <summary>What a reply made here could not keep a promise about.</summary>
    public void Refuse(string name, string why)
    {
        if (Json.Member(name) is { } given && given.ValueKind != JsonValueKind.False && !(given.ValueKind == JsonValueKind.Array && given.GetArrayLength() == 0))
            throw Invalid(name, $"'{name}' {why}");
    }

    public int? Tokens(string name) => Json.Whole(name) is { } count and > 0 and <= int.MaxValue ? (int)count : null;

    /// <summary>Text that is given as such or as a list of parts with text in them.</summary>
    public static string TextOf(JsonElement? content) => content switch
    {
        { ValueKind: JsonValueKind.String } text => text.Text()!,
        { ValueKind: JsonValueKind.Array } parts => string.Concat(parts.EnumerateArray().Select(part => part.Text("text") ?? part.Text("content"))),
        _ => "",
    };

    /// <summary>An image out of a data URI. One at an address is not fetched.</summary>
    public static ChatImage Image(string? address, string path)
    {
        if (address is null) throw InvalidImage("An image must be a data URI: data:image/png;base64,…", path);
        if (address.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || address.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            throw InvalidImage("Images are not fetched from addresses. Send the image itself as a data URI: data:image/png;base64,…", path);
        var comma = address.IndexOf(',');
        if (!address.StartsWith("data:", StringComparison.OrdinalIgnoreCase) || comma < 0 || !address.AsSpan(0, comma).EndsWith(";base64", StringComparison.OrdinalIgnoreCase))
            throw InvalidImage("An image must be a data URI: data:image/png;base64,…", path);
        return Image(address[(comma + 1)..], address[5..(comma - ";base64".Length)], path);
    }

    /// <summary>An image out of base64.</summary>
    public static ChatImage Image(string base64, string mediaType, string path)
    {
        var bytes = new byte[base64.Length * 3 / 4 + 3];
        if (!Convert.TryFromBase64String(base64, bytes, out var length)) throw InvalidImage("The image's data is not valid base64.", path);
        var data = bytes.AsMemory(0, length);
        if (ImageHeader.Read(data.Span, out _) is { } problem) throw InvalidImage($"{char.ToUpperInvariant(problem[0])}{problem[1..]}.", path);
        return new ChatImage(mediaType, data);
    }

    public static GatewayException Invalid(string name, string message) => new(new GatewayError(ErrorCode.InvalidRequest, message + ".") { Parameter = name });

    private static GatewayException InvalidImage(string message, string path) => new(new GatewayError(ErrorCode.InvalidImage, message) { Parameter = path });
}
