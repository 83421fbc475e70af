using System.Net;
using LmGateway.Backends;
using LmGateway.Configuration;
using LmGateway.Serving.Images;
using LmGateway.Tests.Functional;
using LmGateway.Tests.Serving.Dialects;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Images;

/// <summary>Images fetched from addresses. The tests' own server is on loopback, which only they may reach.</summary>
public sealed class RemoteImagesTests
{
    private const DialectDefects LmStudio = DialectDefects.RefusesWebP | DialectDefects.RefusesRemoteImages;

    /// <summary>127.0.0.1 counts as public; every name means it.</summary>
    private static readonly RemoteReach Loopback = new()
    {
        Allows = IPAddress.Loopback.Equals,
        Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]),
    };

    [Fact]
    public async Task Images_come_in_order_and_through_redirects()
    {
        await using var server = await ImageServer.StartAsync(ImageServer.AnswerAsync);
        var (first, second) = ($"http://images.test:{server.Port}/x?to=/b.jpg", $"http://other.test:{server.Port}/a.png");

        var images = await FetchAsync(Loopback, first, second);

        Assert.Equal([TestImages.Jpeg(), TestImages.Png()], images.Select(image => image.ToArray()));
        Assert.Equal(["images.test/x", "images.test/b.jpg", "other.test/a.png"], server.Asked);
    }

    [Fact]
    public async Task A_body_gets_the_images_themselves_and_WebP_as_PNG()
    {
        await using var server = await ImageServer.StartAsync(ImageServer.AnswerAsync);
        using var remotes = new RemoteImages(TimeProvider.System, Loopback);
        using var converter = new WebPConverter(TimeProvider.System);
        var fitting = new ImageFitting(converter, remotes, new GatewayOptions { Images = new ImageOptions { FetchRemote = true } });
        var root = $"http:\\/\\/images.test:{server.Port}";
        var body = $$$"""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"{{{root}}}/b.jpg"}},{"type":"image_url","image_url":"{{{root}}}/c.webp"}]}],"seed":1}""";

        var fitted = Wire.Text(Wire.Mend(await fitting.FitAsync(Wire.Peek(body), LmStudio, TestContext.Current.CancellationToken), new() { Defects = LmStudio }).Body);

        Assert.StartsWith($$$"""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,{{{Convert.ToBase64String(TestImages.Jpeg())}}}"}},{"type":"image_url","image_url":{"url":"data:image/png;base64,""", fitted, StringComparison.Ordinal);
        Assert.EndsWith("\"}}]}],\"seed\":1}", fitted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(nameof(Dialect.OpenAiResponses), """{"input":[{"role":"user","content":[{"type":"input_image","image_url":"URL"}]}]}""", """{"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/jpeg;base64,DATA"}]}]}""")]
    [InlineData(nameof(Dialect.AnthropicMessages), """{"messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"image","source":{"type":"url","url":"URL"}}]}]}]}""", """{"messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"DATA"}}]}]}]}""")]
    [InlineData(nameof(Dialect.AnthropicMessages), """{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"a","input":{"type":"image","source":{"url":"x"}}}]}]}""", null)]
    public async Task Images_deep_inside_a_body_are_found(string dialect, string body, string? expected)
    {
        await using var server = await ImageServer.StartAsync(ImageServer.AnswerAsync);
        using var remotes = new RemoteImages(TimeProvider.System, Loopback);
        using var converter = new WebPConverter(TimeProvider.System);
        var peek = Wire.Peek(body.Replace("URL", $"http://images.test:{server.Port}/b.jpg", StringComparison.Ordinal), Enum.Parse<Dialect>(dialect));

        var fitted = await new ImageFitting(converter, remotes, new GatewayOptions { Images = new ImageOptions { FetchRemote = true } }).FitAsync(peek, LmStudio, TestContext.Current.CancellationToken);

        Assert.Equal((expected ?? body).Replace("DATA", Convert.ToBase64String(TestImages.Jpeg()), StringComparison.Ordinal), Wire.Text(Wire.Mend(fitted, new() { Defects = LmStudio }).Body));
    }

    [Fact]
    public async Task A_backend_that_takes_addresses_gets_them()
    {
        using var remotes = new RemoteImages(TimeProvider.System, new RemoteReach());
        using var converter = new WebPConverter(TimeProvider.System);
        var peek = Wire.Peek("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}]}""");
        foreach (var fetches in new[] { false, true })
            Assert.Same(peek, await new ImageFitting(converter, remotes, new GatewayOptions { Images = new ImageOptions { FetchRemote = fetches } }).FitAsync(peek, DialectDefects.None, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("2130706433")]
    [InlineData("0x7f.1")]
    [InlineData("localhost")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("0.0.0.0")]
    public async Task Only_public_addresses_are_asked(string host)
    {
        await using var server = await ImageServer.StartAsync(ImageServer.AnswerAsync);
        Assert.Contains("is not on the public Internet", await RefusedAsync(new RemoteReach(), $"http://{host}:{server.Port}/a.png"), StringComparison.Ordinal);
        Assert.Empty(server.Asked);
    }

    [Fact]
    public async Task A_name_with_one_private_address_among_others_is_not_asked()
    {
        await using var server = await ImageServer.StartAsync(ImageServer.AnswerAsync);
        var reach = Loopback with { Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Parse("10.0.0.1")]) };
        Assert.Contains("is not on the public Internet", await RefusedAsync(reach, $"http://images.test:{server.Port}/a.png"), StringComparison.Ordinal);
        Assert.Empty(server.Asked);
    }

    [Fact]
    public async Task A_name_is_judged_anew_for_every_connection_and_the_connection_goes_where_it_was_judged()
    {
        await using var server = await ImageServer.StartAsync(ImageServer.AnswerAsync);
        var answers = 0;
        var reach = Loopback with { Resolve = (_, _) => Task.FromResult<IPAddress[]>([++answers == 1 ? IPAddress.Loopback : IPAddress.IPv6Loopback]) };
        using var remotes = new RemoteImages(TimeProvider.System, reach);
        (string, string)[] image = [($"http://images.test:{server.Port}/a.png", "p")];

        await remotes.FetchAsync(image, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<GatewayException>(() => remotes.FetchAsync(image, TestContext.Current.CancellationToken));

        Assert.Equal(2, answers);
        Assert.Single(server.Asked);
    }

    [Theory]
    [InlineData("http://10.0.0.1/a.png", "is not on the public Internet")]
    [InlineData("http://[::1]/a.png", "is not on the public Internet")]
    [InlineData("file:///etc/passwd", "is neither http nor https")]
    [InlineData("/x?to=/x%3Fto=/a.png", "is redirected more than 5 times")]
    public async Task A_redirect_is_an_address_like_any_other(string target, string problem)
    {
        await using var server = await ImageServer.StartAsync(context =>
        {
            context.Response.Redirect(target);
            return Task.CompletedTask;
        });
        Assert.Contains(problem, await RefusedAsync(Loopback, $"http://images.test:{server.Port}/x"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/missing.png", "its server answers with status 404")]
    [InlineData("/page.html", "the data is no JPEG, PNG or WebP image")]
    [InlineData("/huge.png", "the image has 9000 x 9000 pixels")]
    public async Task What_is_no_image_is_refused(string path, string problem)
    {
        await using var server = await ImageServer.StartAsync(ImageServer.AnswerAsync);
        Assert.Contains(problem, await RefusedAsync(Loopback, $"http://images.test:{server.Port}{path}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_images_of_a_request_have_20_MiB_together(bool tellsLength)
    {
        await using var server = await ImageServer.StartAsync(async context =>
        {
            var image = TestImages.Png(length: RemoteImages.MostBytes / 2 + 1);
            if (tellsLength) context.Response.ContentLength = image.Length;
            await context.Response.Body.WriteAsync(image);
        });
        var address = $"http://images.test:{server.Port}/a.png";
        Assert.Single(await FetchAsync(Loopback, address));
        Assert.Contains("the images of one request may have 20 MiB", await RefusedAsync(Loopback, address, address), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_go_on_is_left_after_10_seconds()
    {
        var time = new ManualTime();
        await using var server = await ImageServer.StartAsync(async context =>
        {
            await context.Response.Body.WriteAsync(TestImages.Png());
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        using var remotes = new RemoteImages(time, Loopback);

        var fetching = remotes.FetchAsync([($"http://images.test:{server.Port}/a.png", "p")], TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => !server.Asked.IsEmpty, "the image is asked for");
        time.Advance(TimeSpan.FromSeconds(10));

        Assert.Contains("it is not there after 10 s", (await Assert.ThrowsAsync<GatewayException>(() => fetching)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_service_itself_fetches_nothing_from_its_own_machine()
    {
        await using var server = await ImageServer.StartAsync(ImageServer.AnswerAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Images = new ImageOptions { FetchRemote = true } });

        var (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", $$$"""{"model":"{{{GatewayUnderTest.Vision}}}","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://127.0.0.1:{{{server.Port}}}/a.png"}}]}]}""");

        var error = body.GetProperty("error");
        Assert.Equal((400, "invalid_image", "messages[0].content[0].image_url"), (status, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.Equal("The image cannot be fetched: its address is not on the public Internet. Send the image itself as a data URI: data:image/png;base64,…", error.GetProperty("message").GetString());
        Assert.Empty(server.Asked);
        Assert.Equal(0, gateway.Counters().LoadsStarted);
    }

    private static async Task<IReadOnlyList<ReadOnlyMemory<byte>>> FetchAsync(RemoteReach reach, params string[] addresses)
    {
        using var remotes = new RemoteImages(TimeProvider.System, reach);
        return await remotes.FetchAsync([.. addresses.Select((address, index) => (address, $"image {index}"))], TestContext.Current.CancellationToken);
    }

    /// <summary>What the caller is told; the last image is the one at fault.</summary>
    private static async Task<string> RefusedAsync(RemoteReach reach, params string[] addresses)
    {
        var refused = await Assert.ThrowsAsync<GatewayException>(() => FetchAsync(reach, addresses));
        Assert.Equal((ErrorCode.InvalidImage, $"image {addresses.Length - 1}"), (refused.Error.Code, refused.Error.Parameter));
        return refused.Message;
    }
}
