using System.Text;
using System.Text.Json;
using LmGateway.Configuration;
using LmGateway.Serving.Images;
using LmGateway.Tests.Serving.Images;
using Xunit;

namespace LmGateway.Tests.Functional.Chat;

/// <summary>Images of the plain REST API, from base64 in the body to the data URL that LM Studio gets.</summary>
public sealed class ChatImagesTests
{
    [Theory]
    [InlineData("image/jpeg", "jpeg")]
    [InlineData("image/png", "png")]
    [InlineData("image/jpg", "jpeg")]
    [InlineData("IMAGE/PNG", "png")]
    [InlineData(null, "jpeg")]
    [InlineData(null, "png")]
    [InlineData("image/webp", "png")]
    [Trait("req", "S1-32")]
    [Trait("req", "S1-42")]
    [Trait("req", "S1-43")]
    [Trait("req", "S1-44")]
    public async Task An_image_arrives_as_a_data_URL_of_what_its_bytes_are(string? type, string kind)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var data = Convert.ToBase64String(kind == "png" ? TestImages.Png() : TestImages.Jpeg());

        foreach (var path in new[] { "/chat/vision", "/chat/vision/stream" })
        {
            using var response = await gateway.PostAsync(path, Shows(data, type));
            Assert.Equal(200, (int)response.StatusCode);
            Assert.Equal($"data:image/{kind};base64,{data}", SentImage(gateway));
        }
    }

    [Fact]
    [Trait("req", "S1-43")]
    public async Task A_full_data_URL_is_taken_without_doubling_its_prefix_and_white_space_in_base64_is_forgiven()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var data = Convert.ToBase64String(TestImages.Png());
        foreach (var given in new[] { $"data:image/png;base64,{data}", $"DATA:image/jpeg;charset=x;base64,{data}", $"data:;base64,{data}", data[..8] + "\\r\\n" + data[8..], data.Replace("/", "\\/") })
        {
            Assert.Equal(200, (await gateway.PostJsonAsync("/chat/vision", Shows(given, type: null))).Status);
            Assert.Equal($"data:image/png;base64,{data}", SentImage(gateway));
        }
    }

    [Fact]
    [Trait("req", "S1-42")]
    public async Task On_chat_a_named_vision_model_sees_several_images()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var png = Convert.ToBase64String(TestImages.Png());

        var (status, body) = await gateway.PostJsonAsync("/chat", $$"""{"model_key":"qwen3-vl-4b-instruct","messages":[{"role":"user","content":"Compare","images":[{"data_base64":"{{png}}"},{"dataBase64":"{{png}}","mimeType":"image/png"}]}]}""");

        Assert.Equal(200, status);
        Assert.StartsWith("I see 2 images", body.GetProperty("content").GetString());
    }

    [Theory]
    [InlineData("/chat/regular")]
    [InlineData("/chat/regular/stream")]
    [Trait("req", "S1-40")]
    public async Task Defect_images_for_the_text_model_are_refused_and_not_dropped(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var fault = (await gateway.PostJsonAsync(path, Shows(Convert.ToBase64String(TestImages.Png()), null))).Fault();

        Assert.Equal(("value_error", """["body","messages",0,"images"]"""), (fault.GetProperty("type").GetString(), fault.GetProperty("loc").GetRawText()));
        Assert.Equal("Value error, images are not taken on /chat/regular; send them to /chat/vision, or to /chat with a vision model", fault.GetProperty("msg").GetString());
        using var none = await gateway.PostAsync(path, """{"messages":[{"role":"user","content":"hi","images":[]}]}""");
        Assert.Equal(200, (int)none.StatusCode);
    }

    [Theory]
    [InlineData("image/gif", "png", "mime_type", "Input should be 'image/jpeg', 'image/png' or 'image/webp'")]
    [InlineData("text/html", "png", "mime_type", "Input should be 'image/jpeg', 'image/png' or 'image/webp'")]
    [InlineData("image/png", "gif", "data_base64", "Value error, the data is no JPEG, PNG or WebP image")]
    [InlineData("image/png", "huge", "data_base64", "Value error, the image has 9000 x 9000 pixels; at most 64 megapixels are taken")]
    [InlineData("image/png", "text", "data_base64", "Value error, the data is not valid base64")]
    [InlineData("image/png", "empty", "data_base64", "Value error, the data is not valid base64")]
    [InlineData("image/png", "url", "data_base64", "Value error, a data URL must be base64: data:image/png;base64,…")]
    [InlineData("image/png", "gif url", "data_base64", "Value error, the data URL is of the type 'image/gif'; it should be 'image/jpeg', 'image/png' or 'image/webp'")]
    [InlineData("image/png", "surrogate", "data_base64", "Value error, the data is not valid base64")]
    [Trait("req", "S1-43")]
    public async Task What_is_no_image_that_can_be_used_is_refused_by_its_field(string type, string kind, string field, string message)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var data = kind switch
        {
            "png" => Convert.ToBase64String(TestImages.Png()),
            "gif" => Convert.ToBase64String(TestImages.Gif),
            "huge" => Convert.ToBase64String(TestImages.Png(9000, 9000)),
            "text" => "<BASE64_ENCODED_IMAGE>",
            "empty" => "",
            "url" => "data:image/png,abc",
            "gif url" => "data:image/gif;base64," + Convert.ToBase64String(TestImages.Png()),
            _ => "\\ud800",
        };

        var fault = (await gateway.PostJsonAsync("/chat/vision", Shows(data, type))).Fault();

        Assert.Equal($"""["body","messages",0,"images",0,"{field}"]""", fault.GetProperty("loc").GetRawText());
        Assert.Equal(message, fault.GetProperty("msg").GetString());
        Assert.DoesNotContain(gateway.Counters().Requests.Keys, route => route.StartsWith("POST", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/chat/vision")]
    [InlineData("/chat/vision/stream")]
    [Trait("req", "S1-43")]
    public async Task A_WebP_image_reaches_LM_Studio_as_PNG(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        using var response = await gateway.PostAsync(path, Shows(Convert.ToBase64String(TestImages.WebP), "image/webp"));

        Assert.Equal(200, (int)response.StatusCode);
        const string prefix = "data:image/png;base64,";
        var sent = SentImage(gateway);
        Assert.StartsWith(prefix, sent);
        Assert.Null(ImageHeader.Read(Convert.FromBase64String(sent[prefix.Length..]), out var header));
        Assert.Equal(new ImageHeader(ImageKind.Png, 8, 6), header);
    }

    [Fact]
    public async Task A_WebP_image_that_cannot_be_decoded_is_the_requests_own_fault()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var fault = (await gateway.PostJsonAsync("/chat/vision/stream", Shows(Convert.ToBase64String(TestImages.ExtendedWebP(8, 6)), "image/webp"))).Fault();

        Assert.Equal("""["body","messages",0,"images",0]""", fault.GetProperty("loc").GetRawText());
        Assert.StartsWith("Value error, The WebP image cannot be decoded", fault.GetProperty("msg").GetString());
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    [Trait("req", "S1-45")]
    public async Task Fifty_MiB_are_taken()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var body = Shows(Convert.ToBase64String(TestImages.Png(length: 50 * 1024 * 1024 / 4 * 3)), "image/png");
        Assert.True(body.Length > 50 * 1024 * 1024);

        var (status, reply) = await gateway.PostJsonAsync("/chat/vision", body);

        Assert.Equal(200, status);
        Assert.Contains($"{50 * 1024 * 1024 / 4 * 3} bytes", reply.GetProperty("content").GetString());
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    [Trait("req", "S1-45")]
    public async Task More_than_the_limit_is_413_with_a_detail()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Limits = new LimitOptions { BodyBytes = 4096 } });
        foreach (var path in ChatReplies.Routes.Concat(["/models/load", "/models/unload"]))
        {
            var (status, body) = await gateway.PostJsonAsync(path, $$"""{"model_key":"{{new string('a', 5000)}}"}""");
            Assert.Equal(413, status);
            Assert.Equal("The request body is larger than 4096 bytes. The limit is the setting limits.body_bytes.", body.DetailText());
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, "/chat/vision") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Shows(new string('A', 8000), null))) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = true;
        using var response = await gateway.Http.SendAsync(request);
        Assert.Equal(413, (int)response.StatusCode);
    }

    [Fact]
    [Trait("req", "S1-45")]
    public async Task The_limit_is_64_MiB_unless_set_otherwise()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/chat/vision") { Content = new ByteArrayContent(new byte[64 * 1024 * 1024 + 1]) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.ExpectContinue = true;
        using var response = await gateway.Http.SendAsync(request);
        Assert.Equal(413, (int)response.StatusCode);
    }

    private static string Shows(string data, string? type) =>
        $$"""{"messages":[{"role":"user","content":"What is in this image?","images":[{"data_base64":"{{data}}"{{(type is null ? "" : $",\"mime_type\":\"{type}\"")}}}]}]}""";

    private static string SentImage(GatewayUnderTest gateway) =>
        gateway.SentChat().GetProperty("messages")[0].GetProperty("content").EnumerateArray().First().GetProperty("image_url").GetProperty("url").GetString()!;
}
