using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using LmGateway.Backends;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Images;

/// <summary>Brings the images of a request into a form that its backend takes.</summary>
internal sealed class ImageFitting(WebPConverter converter)
{
    /// <summary>The same request where nothing had to change.</summary>
    public async ValueTask<ChatRequest> FitAsync(ChatRequest request, DialectDefects defects, CancellationToken cancellationToken)
    {
        if (!defects.HasFlag(DialectDefects.RefusesWebP) || !request.Messages.Any(message => message.Images.Any(IsWebP))) return request;
        var messages = request.Messages.ToArray();
        for (var index = 0; index < messages.Length; index++)
            if (messages[index].Images.Any(IsWebP)) messages[index] = await ConvertAsync(messages[index], $"messages[{index}]", cancellationToken);
        return request with { Messages = messages };
    }

    /// <summary>The same for a body in OpenAI's chat dialect; one without WebP is handed back as it is.</summary>
    public async ValueTask<RequestPeek> FitAsync(RequestPeek peek, DialectDefects defects, CancellationToken cancellationToken)
    {
        if (peek.Dialect != Dialect.OpenAiChat || !defects.HasFlag(DialectDefects.RefusesWebP)) return peek;
        var found = MessageMends.FindWebP(peek, defects);
        if (found.Count == 0) return peek;
        var splice = new BodySplice();
        foreach (var image in found)
        {
            var png = await converter.ToPngAsync(Decode(peek.Body.Slice(image.Start, image.Length)), image.Path, cancellationToken);
            splice.Replace(image.Start, image.Length, JsonText.Quote($"data:image/png;base64,{Convert.ToBase64String(png.Span)}"));
        }

        return RequestPeek.Read(splice.Apply(peek.Body), peek.Dialect);
    }

    /// <summary>The bytes of a data URI that was checked, as it stands in JSON.</summary>
    private static byte[] Decode(in ReadOnlySequence<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        var uri = new byte[json.Length];
        var text = uri.AsSpan(0, reader.CopyString(uri));
        text = text[(text.IndexOf((byte)',') + 1)..];
        Base64.DecodeFromUtf8InPlace(text, out var length);
        return text[..length].ToArray();
    }

    private async Task<ChatMessage> ConvertAsync(ChatMessage message, string path, CancellationToken cancellationToken)
    {
        var images = message.Images.ToArray();
        for (var index = 0; index < images.Length; index++)
            if (IsWebP(images[index])) images[index] = new ChatImage("image/png", await converter.ToPngAsync(images[index].Data, $"{path}.images[{index}]", cancellationToken));
        return message with { Images = images };
    }

    private static bool IsWebP(ChatImage image) => ImageHeader.KindOf(image.Data.Span) == ImageKind.WebP;
}
