using LmGateway.Serving.Images;
using Xunit;

namespace LmGateway.Tests.Serving.Images;

public sealed class ImageHeaderTests
{
    [Fact]
    public void Kind_and_size_are_read_from_the_header_of_each_kind()
    {
        Assert.Equal(new ImageHeader(ImageKind.Png, 300, 200), Read(TestImages.Png(300, 200)));
        Assert.Equal(new ImageHeader(ImageKind.Jpeg, 300, 200), Read(TestImages.Jpeg(300, 200)));
        Assert.Equal(new ImageHeader(ImageKind.WebP, 8, 6), Read(TestImages.WebP));
        Assert.Equal(new ImageHeader(ImageKind.WebP, 8, 6), Read(TestImages.LosslessWebP));
        Assert.Equal(new ImageHeader(ImageKind.WebP, 300, 200), Read(TestImages.ExtendedWebP(300, 200)));
    }

    [Fact]
    public void Sixty_four_megapixels_are_taken_and_one_more_row_is_not()
    {
        Assert.Null(ImageHeader.Read(TestImages.Png(8000, 8000), out _));
        foreach (var image in new[] { TestImages.Png(8000, 8001), TestImages.Jpeg(8000, 8001), TestImages.ExtendedWebP(8000, 8001) })
            Assert.Equal("the image has 8000 x 8001 pixels; at most 64 megapixels are taken", ImageHeader.Read(image, out _));
        Assert.Contains("pixels", ImageHeader.Read(TestImages.Png(int.MaxValue, int.MaxValue), out _));
    }

    [Fact]
    public void What_has_no_size_or_no_known_kind_is_told()
    {
        Assert.Equal("the data is no JPEG, PNG or WebP image", ImageHeader.Read(TestImages.Gif, out _));
        Assert.Equal("the data is no JPEG, PNG or WebP image", ImageHeader.Read("RIFF    WAVE"u8, out _));
        Assert.Equal("the data is no JPEG, PNG or WebP image", ImageHeader.Read([], out _));
        foreach (var image in new[] { TestImages.Png(0, 5), TestImages.Png(-1, 5), TestImages.Jpeg(0, 5) })
            Assert.Equal("the image is broken: its header does not tell its size", ImageHeader.Read(image, out _));
    }

    [Fact]
    public void An_image_that_is_cut_anywhere_is_told_and_never_a_crash()
    {
        foreach (var image in new[] { TestImages.Png(), TestImages.Jpeg(), TestImages.WebP, TestImages.LosslessWebP, TestImages.ExtendedWebP(8, 6) })
            for (var length = 0; length < image.Length; length++)
                if (ImageHeader.Read(image.AsSpan(0, length), out var header) is null) Assert.Equal((8, 6), (header.Width, header.Height));
    }

    [Fact]
    public void A_segment_that_claims_no_length_ends_the_search() =>
        Assert.NotNull(ImageHeader.Read([0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0xFF, 0xE0, 0, 0, 0, 0, 0, 0, 0], out _));

    private static ImageHeader Read(byte[] image)
    {
        Assert.Null(ImageHeader.Read(image, out var header));
        return header;
    }
}
