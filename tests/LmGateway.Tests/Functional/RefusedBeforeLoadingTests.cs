using LmGateway.Tests.Serving.Images;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>A request that cannot be used never loads its model.</summary>
public sealed class RefusedBeforeLoadingTests
{
    private const string Png = "data:image/png;base64,";

    public static TheoryData<string, string> Requests() => new()
    {
        { "/v1/chat/completions", OpenAi("data:image/png;base64,AAAA") },
        { "/v1/chat/completions", OpenAi("https://example.com/cat.png") },
        { "/v1/chat/completions", OpenAi(Png + Convert.ToBase64String(TestImages.Png(9000, 9000))) },
        { "/v1/chat/completions", OpenAi("data:image/webp;base64," + Convert.ToBase64String(TestImages.ExtendedWebP(8, 6))) },
        { "/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Vision, "hi", "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a\"}}],\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"b\"}}") },
        { "/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Vision, "hi", "\"response_format\":{}") },
        { "/v1/messages", $$"""{"model":"{{GatewayUnderTest.Vision}}","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"tools":[{"name":"a"}],"tool_choice":{"type":"tool","name":"b"} }""" },
        { "/v1/messages", Messages("""{"type":"url","url":"https://example.com/cat.png"}""") },
        { "/v1/messages", Messages("""{"data":"AAAA","media_type":"image/png","type":"base64"}""") },
        { "/v1/messages", Messages($$"""{"type":"base64","media_type":"image/png","data":"{{Convert.ToBase64String(TestImages.Png())}}","url":"https://example.com/cat.png"}""") },
        { "/v1/messages", Messages("""{"type":"url","url":"data:image/png;base64,AAAA","url":"https://example.com/cat.png"}""") },
        { "/v1/responses", Responses("https://example.com/cat.png") },
        { "/v1/responses", Responses(Png + Convert.ToBase64String(TestImages.Png(9000, 9000))) },
        { "/api/v1/chat", $$"""{"model":"{{GatewayUnderTest.Vision}}","input":[{"type":"image","data_url":"https://example.com/cat.png"}]}""" },
        { "/chat/vision", Plain("AAAA") },
        { "/chat/vision", Plain(Convert.ToBase64String(TestImages.Png(9000, 9000))) },
        { "/chat/vision/stream", Plain(Convert.ToBase64String(TestImages.ExtendedWebP(8, 6))) },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_bad_image_or_parameter_is_refused_and_nothing_is_loaded_for_it(string path, string body)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var (status, _) = await gateway.PostJsonAsync(path, body);

        Assert.Equal(path.StartsWith("/chat", StringComparison.Ordinal) ? 422 : 400, status);
        Assert.Equal(0, gateway.Counters().LoadsStarted);
    }

    private static string OpenAi(string url) =>
        $$$"""{"model":"{{{GatewayUnderTest.Vision}}}","stream":true,"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"{{{url}}}"}}]}]}""";

    private static string Messages(string source) =>
        $$"""{"model":"{{GatewayUnderTest.Vision}}","max_tokens":9,"messages":[{"role":"user","content":[{"source":{{source}},"type":"image"}]}]}""";

    private static string Responses(string url) =>
        $$"""{"model":"{{GatewayUnderTest.Vision}}","input":[{"role":"user","content":[{"type":"input_image","image_url":"{{url}}"}]}]}""";

    private static string Plain(string data) => $$"""{"messages":[{"role":"user","content":"What is this?","images":[{"data_base64":"{{data}}"}]}]}""";
}
