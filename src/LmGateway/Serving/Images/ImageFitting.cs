using LmGateway.Backends;
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

    private async Task<ChatMessage> ConvertAsync(ChatMessage message, string path, CancellationToken cancellationToken)
    {
        var images = message.Images.ToArray();
        for (var index = 0; index < images.Length; index++)
            if (IsWebP(images[index])) images[index] = new ChatImage("image/png", await converter.ToPngAsync(images[index].Data, $"{path}.images[{index}]", cancellationToken));
        return message with { Images = images };
    }

    private static bool IsWebP(ChatImage image) => ImageHeader.KindOf(image.Data.Span) == ImageKind.WebP;
}
