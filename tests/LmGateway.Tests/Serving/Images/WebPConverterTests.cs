using LmGateway.Serving.Images;
using LmGateway.Tests.Functional;
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
    public async Task A_program_that_does_not_end_is_ended_after_20_seconds()
    {
        using var program = new StandIn("exec sleep 3600");
        var time = new ManualTime();
        using var converter = new WebPConverter(time, program.Path);

        var converting = converter.ToPngAsync(TestImages.WebP, "image", TestContext.Current.CancellationToken);
        await program.RunsAsync();
        time.Advance(TimeSpan.FromSeconds(20));

        Assert.Contains("longer than 20 s", (await Assert.ThrowsAsync<GatewayException>(() => converting)).Message);
        await program.EndsAsync();
    }

    [Fact]
    public async Task A_program_that_writes_without_end_is_ended()
    {
        using var program = new StandIn("exec yes 12345678901234567890123456789012345678901234567890");
        using var converter = new WebPConverter(TimeProvider.System, program.Path);

        var refused = await Assert.ThrowsAsync<GatewayException>(() => converter.ToPngAsync(TestImages.WebP, "image", TestContext.Current.CancellationToken));

        Assert.Contains("is larger than 100663296 bytes as PNG", refused.Message);
        await program.EndsAsync();
    }

    [Fact]
    public async Task A_caller_that_leaves_ends_the_program_and_gives_the_place_back()
    {
        using var program = new StandIn("exec sleep 3600");
        using var converter = new WebPConverter(TimeProvider.System, program.Path);
        for (var round = 0; round < 3; round++)
        {
            using var leaving = new CancellationTokenSource();
            var converting = converter.ToPngAsync(TestImages.WebP, "image", leaving.Token);
            await program.RunsAsync();
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => converting);
            await program.EndsAsync();
        }
    }

    [Fact]
    public async Task A_program_that_answers_something_else_or_fails_is_told()
    {
        foreach (var (script, words) in new[] { ("echo hello", "cannot be decoded."), ("echo broken >&2; exit 1", "cannot be decoded (broken).") })
        {
            using var program = new StandIn(script);
            using var converter = new WebPConverter(TimeProvider.System, program.Path);
            Assert.Contains(words, (await Assert.ThrowsAsync<GatewayException>(() => converter.ToPngAsync(TestImages.WebP, "image", TestContext.Current.CancellationToken))).Message);
        }
    }

    [Fact]
    public async Task A_caller_that_has_left_is_not_converted_for()
    {
        using var converter = new WebPConverter(TimeProvider.System);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => converter.ToPngAsync(TestImages.WebP, "image", new CancellationToken(canceled: true)));
        Assert.NotEmpty((await converter.ToPngAsync(TestImages.WebP, "image", TestContext.Current.CancellationToken)).ToArray());
    }

    /// <summary>A script in the place of dwebp that leaves its process id in a file.</summary>
    private sealed class StandIn : IDisposable
    {
        private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("lmgateway-test-");

        public StandIn(string script)
        {
            Path = System.IO.Path.Combine(folder.FullName, "dwebp");
            File.WriteAllText(Path, $"#!/bin/sh\necho $$ > '{Id}'\n{script}\n");
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        public string Path { get; }

        private string Id => System.IO.Path.Combine(folder.FullName, "pid");

        public Task RunsAsync() => Eventually.TrueAsync(() => File.Exists(Id) && File.ReadAllText(Id).EndsWith('\n'), "the program runs");

        public async Task EndsAsync()
        {
            var process = $"/proc/{File.ReadAllText(Id).Trim()}";
            await Eventually.TrueAsync(() => !Directory.Exists(process), "the program has ended");
            File.Delete(Id);
        }

        public void Dispose() => folder.Delete(recursive: true);
    }
}
