using System.Text;
using System.Text.Json;
using LmGateway.Backends;
using LmGateway.Configuration;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Images;

/// <summary>Brings the images of a request into a form that its backend takes.</summary>
internal sealed class ImageFitting(WebPConverter converter, RemoteImages remotes, LiveSettings settings)
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

    /// <summary>The same for a body; one without such images is handed back as it is.</summary>
    public ValueTask<RequestPeek> FitAsync(RequestPeek peek, DialectDefects defects, CancellationToken cancellationToken)
    {
        if ((defects & (DialectDefects.RefusesWebP | DialectDefects.RefusesRemoteImages)) == DialectDefects.None) return new(peek);
        if (peek.Dialect == Dialect.OpenAiChat && !MessageMends.MayHoldImages(peek)) return new(peek);
        var unfit = new UnfitImages { Remotes = settings.Current.Images.FetchRemote ? [] : null };
        if (peek.Dialect == Dialect.OpenAiChat) MessageMends.CheckImages(peek, new ImageCheck(defects, unfit));
        else if (peek.Dialect is Dialect.OpenAiResponses or Dialect.AnthropicMessages or Dialect.LmStudioV1) NestedImages.Walk(peek, new ImageCheck(defects, unfit));
        return unfit.IsEmpty ? new(peek) : new(ReplaceAsync(peek, unfit, defects, cancellationToken));
    }

    private async Task<RequestPeek> ReplaceAsync(RequestPeek peek, UnfitImages unfit, DialectDefects defects, CancellationToken cancellationToken)
    {
        var splice = new BodySplice();
        foreach (var image in unfit.WebPs) await PutAsync(splice, image, Decode(Text(peek, image)), defects, cancellationToken);
        if (unfit.Remotes is { Count: > 0 } found)
        {
            var fetched = await remotes.FetchAsync([.. found.Select(image => (Text(peek, image), image.Path))], cancellationToken);
            foreach (var (image, data) in found.Zip(fetched)) await PutAsync(splice, image, data, defects, cancellationToken);
        }

        return RequestPeek.Read(splice.Apply(peek.Body), peek.Dialect);
    }

    private async Task PutAsync(BodySplice splice, FoundImage image, ReadOnlyMemory<byte> data, DialectDefects defects, CancellationToken cancellationToken)
    {
        if (ImageHeader.KindOf(data.Span) == ImageKind.WebP && defects.HasFlag(DialectDefects.RefusesWebP)) data = await converter.ToPngAsync(data, image.Path, cancellationToken);
        ImageHeader.Read(data.Span, out var header);
        var text = Convert.ToBase64String(data.Span);
        splice.Replace(image.Start, image.Length, image.IsSource
            ? Encoding.UTF8.GetBytes($$"""{"type":"base64","media_type":"{{header.MediaType}}","data":"{{text}}"}""")
            : JsonText.Quote($"data:{header.MediaType};base64,{text}"));
    }

    /// <summary>What was checked: an address, a data URI, or a source's bare base64.</summary>
    private static string Text(RequestPeek peek, FoundImage image)
    {
        var reader = new Utf8JsonReader(peek.Body.Slice(image.Start, image.Length));
        reader.Read();
        if (!image.IsSource) return reader.GetString()!;
        var source = JsonElement.ParseValue(ref reader);
        return (source.TryGetProperty("url", out var url) ? url : source.GetProperty("data")).GetString()!;
    }

    private static byte[] Decode(string text) => Convert.FromBase64String(text[(text.IndexOf(',', StringComparison.Ordinal) + 1)..]);

    private async Task<ChatMessage> ConvertAsync(ChatMessage message, string path, CancellationToken cancellationToken)
    {
        var images = message.Images.ToArray();
        for (var index = 0; index < images.Length; index++)
            if (IsWebP(images[index])) images[index] = new ChatImage("image/png", await converter.ToPngAsync(images[index].Data, $"{path}.images[{index}]", cancellationToken));
        return message with { Images = images };
    }

    private static bool IsWebP(ChatImage image) => ImageHeader.KindOf(image.Data.Span) == ImageKind.WebP;
}
