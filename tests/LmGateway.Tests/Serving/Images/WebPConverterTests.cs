using LmGateway.Serving.Images;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Images;

public sealed class WebPConverterTests
{
    [Fact]
    public async Task Both_codings_become_a_PNG_of_the_same_size()
    {
        using var converter = new WebPConverter(TimeProvider.System);
        foreach (var webp in new[] { TestImages.WebP, TestImages.LosslessWebP })
        {
            var png = await converter.ToPngAsync(webp, "image", TestContext.Current.CancellationToken);
            Assert.Null(ImageHeader.Read(png.Span, out var header));
            Assert.Equal(new ImageHeader(ImageKind.Png, 8, 6), header);
        }
    }

    [Fact]
    public async Task Many_at_once_take_turns()
    {
        using var converter = new WebPConverter(TimeProvider.System);
        var images = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => converter.ToPngAsync(TestImages.WebP, "image", TestContext.Current.CancellationToken)));
        Assert.All(images, png => Assert.Equal(ImageKind.Png, ImageHeader.KindOf(png.Span)));
    }

    [Fact]
    public async Task What_cannot_be_decoded_is_a_fault_of_the_image_that_names_its_place()
    {
        using var converter = new WebPConverter(TimeProvider.System);
        foreach (var (webp, words) in new[] { (TestImages.WebP[..40], "cannot be decoded"), (TestImages.ExtendedWebP(8, 6), "cannot be decoded"), (TestImages.ExtendedWebP(16000, 16000), "at most 64 megapixels") })
        {
            var refused = await Assert.ThrowsAsync<GatewayException>(() => converter.ToPngAsync(webp, "messages[0].images[1]", TestContext.Current.CancellationToken));
            Assert.Equal((ErrorCode.InvalidImage, "messages[0].images[1]"), (refused.Error.Code, refused.Error.Parameter));
            Assert.Contains(words, refused.Message);
        }
    }

    [Fact]
    public async Task A_caller_that_has_left_is_not_converted_for()
    {
        using var converter = new WebPConverter(TimeProvider.System);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => converter.ToPngAsync(TestImages.WebP, "image", new CancellationToken(canceled: true)));
        Assert.NotEmpty((await converter.ToPngAsync(TestImages.WebP, "image", TestContext.Current.CancellationToken)).ToArray());
    }
}
