using System.Text;
using LmGateway.Backends;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Dialects;

public sealed class MessageMendsTests
{
    private const DialectDefects LmStudio = DialectDefects.RefusesWebP | DialectDefects.RefusesRemoteImages;

    private static readonly string Png = Data("image/png", [0x89, .. "PNG\r\n\x1a\n"u8, 0, 0, 0, 0]);
    private static readonly string Jpeg = Data("image/jpeg", [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, .. "JFIF"u8, 0, 0]);
    private static readonly string WebP = Data("image/webp", [.. "RIFF"u8, 1, 2, 3, 4, .. "WEBPVP8 "u8]);
    private static readonly string Gif = Data("image/gif", [.. "GIF89a"u8, 1, 0, 1, 0, 0, 0]);

    [Fact]
    public void Png_and_jpeg_pass()
    {
        foreach (var image in new[] { Png, Jpeg })
        {
            var body = WithImage($$"""{"url":"{{image}}","detail":"low"}""");
            Assert.Equal(body, Mended(body));
        }
    }

    [Fact]
    public void A_plain_address_gets_its_object() => Assert.Equal(WithImage($$"""{"url":"{{Png}}"}"""), Mended(WithImage($"\"{Png}\"")));

    [Fact]
    public void Slashes_may_be_escaped()
    {
        var body = WithImage($$"""{"url":"{{Png.Replace("/", "\\/", StringComparison.Ordinal)}}"}""");
        Assert.Equal(body, Mended(body));
    }

    [Fact]
    public void Backends_that_take_WebP_get_it()
    {
        foreach (var image in new[] { WebP, Gif })
        {
            var body = WithImage($$"""{"url":"{{image}}"}""");
            Assert.Equal(body, Mended(body, DialectDefects.None));
            var error = Wire.Refused(() => Mended(body));
            Assert.Equal(ErrorCode.InvalidImage, error.Code);
            Assert.Contains("PNG or JPEG", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Remote_images_are_not_fetched()
    {
        var body = WithImage("""{"url":"https://example.com/cat.png"}""");
        var error = Wire.Refused(() => Mended(body));
        Assert.Equal((ErrorCode.InvalidImage, "messages[1].content[1].image_url"), (error.Code, error.Parameter));
        Assert.Equal(body, Mended(body, DialectDefects.None));
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("")]
    [InlineData("iVBORw0KGgo=")]
    [InlineData("data:image/png,abc")]
    [InlineData("data:image/png;base64,")]
    [InlineData("data:image/png;base64,!!!!")]
    [InlineData("data:image/png;base64,AAAAAAAAAAAAAAAA")]
    [InlineData("data:text/html;base64,PGh0bWw+")]
    [InlineData("\\ud800")]
    public void What_is_no_image_is_refused_for_every_backend(string address)
    {
        Assert.Equal(ErrorCode.InvalidImage, Wire.Refused(() => Mended(WithImage($$"""{"url":"{{address}}"}"""), DialectDefects.None)).Code);
        Assert.Equal(ErrorCode.InvalidImage, Wire.Refused(() => Mended(WithImage($"\"{address}\""), DialectDefects.None)).Code);
    }

    [Fact]
    public void A_message_that_merely_talks_of_images_is_left_alone()
    {
        const string body = """{"messages":[{"role":"user","content":"what is image_url \" {\"url\":\"http://x\"}?"},{"role":"user","content":[{"type":"text","text":"image_url"}]}]}""";
        Assert.Equal(body, Mended(body));
    }

    [Theory]
    [InlineData("""[{"type":"text","text":"21"}]""", "\"21\"")]
    [InlineData("""[{"text":"a","type":"text"},{"type":"text","text":"b\""}]""", "\"a\\nb\\\"\"")]
    [InlineData("""[]""", "\"\"")]
    [InlineData("""[{"type":"other"}]""", """[{"type":"other"}]""")]
    public void The_text_parts_of_a_tool_s_result_become_one_string(string content, string expected) =>
        Assert.Equal($$"""{"messages":[{"content":{{expected}},"tool_call_id":"1","role":"tool"}]}""", Mended($$"""{"messages":[{"content":{{content}},"tool_call_id":"1","role":"tool"}]}"""));

    [Theory]
    [InlineData("\"\"", "\"{}\"")]
    [InlineData("null", "\"{}\"")]
    [InlineData("""{ "a": "é\"" }""", "\"{ \\\"a\\\": \\\"é\\\\\\\"\\\" }\"")]
    [InlineData("""  "{\"a\":1}" """, """  "{\"a\":1}" """)]
    public void Earlier_arguments_become_JSON_in_a_string(string arguments, string expected)
    {
        static string Body(string arguments) =>
            $$$"""{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":{{{arguments}}}}}]}]}""";
        Assert.Equal(Body(expected), Mended(Body(arguments)));
    }

    [Fact]
    public void Developer_and_other_roles_and_missing_content_pass()
    {
        const string body = """{"messages":[{"role":"developer","content":[{"type":"text","text":"x"}]},{"role":"assistant","tool_calls":[]},{"role":"function","content":null,"tool_calls":null}]}""";
        Assert.Equal(body, Mended(body));
    }

    [Theory]
    [InlineData("""{"messages":["image_url"]}""")]
    [InlineData("""{"messages":[{"tool_calls":[]},7]}""")]
    public void A_message_must_be_an_object(string body) => Assert.Equal("messages", Wire.Refused(() => Mended(body)).Parameter);

    [Theory]
    [InlineData("""{"messages":[{"tool_calls":[1,[2],{"function":3}],"content":"x"},{"role":"tool","content":[{"type":"text","text":"y"}],"tool_call_id":"1"}]}""")]
    public void Calls_of_a_strange_shape_do_not_end_the_walk(string body) => Assert.Contains("\"content\":\"y\"", Mended(body), StringComparison.Ordinal);

    [Fact]
    public void The_result_is_the_same_however_the_body_is_cut()
    {
        var body = Encoding.UTF8.GetBytes(WithImage($"\"{Png}\""));
        for (var length = 1; length < body.Length; length++)
        {
            var mended = Wire.Mend(RequestPeek.Read(Wire.InPieces(body, length), Dialect.OpenAiChat), new RequestMendOptions { Defects = LmStudio });
            Assert.Equal(WithImage($$"""{"url":"{{Png}}"}"""), Wire.Text(mended.Body));
        }
    }

    private static string Data(string type, byte[] bytes) => $"data:{type};base64,{Convert.ToBase64String(bytes)}";

    private static string WithImage(string image) =>
        $$"""{"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{{image}}}]}]}""";

    private static string Mended(string body, DialectDefects defects = LmStudio) =>
        Wire.Text(Wire.Mend(Wire.Peek(body), new RequestMendOptions { Defects = defects }).Body);
}
