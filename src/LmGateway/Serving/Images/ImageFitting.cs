using System.Buffers;
using System.Buffers.Text;
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

    /// <summary>The same for a body in OpenAI's chat dialect; one without such images is handed back as it is.</summary>
    public async ValueTask<RequestPeek> FitAsync(RequestPeek peek, DialectDefects defects, CancellationToken cancellationToken)
    {
        if (peek.Dialect != Dialect.OpenAiChat || (defects & (DialectDefects.RefusesWebP | DialectDefects.RefusesRemoteImages)) == DialectDefects.None) return peek;
        var unfit = MessageMends.FindUnfit(peek, defects, settings.Current.Images.FetchRemote);
        var splice = new BodySplice();
        foreach (var image in unfit.WebPs) await PutAsync(splice, image, Decode(peek.Body.Slice(image.Start, image.Length)), defects, cancellationToken);
        if (unfit.Remotes is { Count: > 0 } found)
        {
            var fetched = await remotes.FetchAsync([.. found.Select(image => (Text(peek.Body.Slice(image.Start, image.Length)), image.Path))], cancellationToken);
            foreach (var (image, data) in found.Zip(fetched)) await PutAsync(splice, image, data, defects, cancellationToken);
        }

        return splice.IsEmpty ? peek : RequestPeek.Read(splice.Apply(peek.Body), peek.Dialect);
    }

    private async Task PutAsync(BodySplice splice, FoundImage image, ReadOnlyMemory<byte> data, DialectDefects defects, CancellationToken cancellationToken)
    {
        if (ImageHeader.KindOf(data.Span) == ImageKind.WebP && defects.HasFlag(DialectDefects.RefusesWebP)) data = await converter.ToPngAsync(data, image.Path, cancellationToken);
        ImageHeader.Read(data.Span, out var header);
        splice.Replace(image.Start, image.Length, JsonText.Quote($"data:{header.MediaType};base64,{Convert.ToBase64String(data.Span)}"));
    }

    /// <summary>An address that was checked, as it stands in JSON.</summary>
    private static string Text(in ReadOnlySequence<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        return reader.GetString()!;
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
