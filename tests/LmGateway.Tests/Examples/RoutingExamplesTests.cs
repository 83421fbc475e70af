using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using LmGateway.Tests.Functional;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>The admin gateway's two spellings of every path (S4-05 to S4-15).</summary>
public sealed class RoutingExamplesTests
{
    private const string File = SourceDocument.AdminGatewayFile;
    private const string Standard = "Standard Format (Recommended)";
    private const string Shorthand = "Shorthand Format (Auto-corrected)";

    private static readonly SourceDocument Document = SourceDocument.AdminGateway;

    [Fact]
    [Example(File, Standard)]
    [Example(File, Shorthand)]
    [Trait("req", "S4-05")]
    [Trait("req", "S4-06")]
    [Trait("req", "S4-07")]
    [Trait("req", "S4-08")]
    [Trait("req", "S4-09")]
    [Trait("req", "S4-10")]
    [Trait("req", "S4-70")]
    public async Task S4_05_to_S4_10_every_printed_route_answers()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var routes = ShellText.Commands(Document[Standard]).Concat(ShellText.Commands(Document[Shorthand])).ToList();
        Assert.Equal(6, routes.Count);
        foreach (var route in routes)
        {
            using var request = route[0] == "GET" ? new HttpRequestMessage(HttpMethod.Get, route[1]) : GatewayUnderTest.Request(route[1], BodyFor(route[1]));
            using var response = await gateway.Http.SendAsync(request);
            Assert.True(response.IsSuccessStatusCode, $"{route[0]} {route[1]}: {(int)response.StatusCode}");
        }
    }

    [Fact]
    [Trait("req", "S4-08")]
    [Trait("req", "S4-09")]
    [Trait("req", "S4-10")]
    [Trait("req", "S4-11")]
    [Trait("req", "S4-12")]
    [Trait("req", "S4-13")]
    [Trait("req", "S4-14")]
    [Trait("req", "S4-15")]
    public async Task S4_08_to_S4_15_both_spellings_of_the_seven_paths_work_identically()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var pairs = Regex.Matches(Document.Text, "^- `(?<short>/[a-z/]+)` → `(?<long>/v1/[a-z/]+)`", RegexOptions.Multiline, TimeSpan.FromSeconds(10));
        Assert.Equal(7, pairs.Count);
        foreach (Match pair in pairs)
        {
            var (brief, full) = (await AskAsync(gateway, pair.Groups["short"].Value), await AskAsync(gateway, pair.Groups["long"].Value));
            Assert.Equal(full.Reply, brief.Reply);
            Assert.Equal(full.SeenPath, brief.SeenPath);
        }
    }

    [Theory]
    [InlineData("/audio/transcriptions")]
    [InlineData("/v1/audio/translations")]
    [Trait("req", "S4-13")]
    [Trait("req", "S4-14")]
    [Trait("req", "S4-15")]
    public async Task S4_15_a_multipart_body_arrives_byte_for_byte(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var sound = new byte[300_000];
        new Random(7).NextBytes(sound);
        using var form = new MultipartFormDataContent("a-boundary")
        {
            { new StringContent("whisper-1"), "model" },
            { new ByteArrayContent(sound) { Headers = { ContentType = new MediaTypeHeaderValue("audio/wav") } }, "file", "speech.wav" },
        };
        var sent = await form.ReadAsByteArrayAsync();

        using var response = await gateway.Http.PostAsync(path + "?language=de", form);

        var seen = gateway.Simulator.State.Counters.LastRequests.Last(request => request.Path.Contains("/audio/"));
        Assert.Equal($"/v1/{path[path.IndexOf("audio", StringComparison.Ordinal)..]}?language=de", seen.Path);
        Assert.Equal("multipart/form-data; boundary=\"a-boundary\"", seen.Headers["Content-Type"]);
        Assert.Equal(sent, seen.Content.ToArray());
    }

    /// <summary>The reply without what differs from one request to the next, and the path that LM Studio saw.</summary>
    private static async Task<(string Reply, string? SeenPath)> AskAsync(GatewayUnderTest gateway, string path)
    {
        gateway.Simulator.State.Counters.Reset();
        using var request = path.EndsWith("/models", StringComparison.Ordinal) ? new HttpRequestMessage(HttpMethod.Get, path) : new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(BodyFor(path), Encoding.UTF8, "application/json") };
        using var response = await gateway.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var stable = Regex.Replace(text, "\"(id|created|state|instances|context_length)\":(\"[^\"]*\"|[0-9]+|\\[[^]]*\\]),?", "", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10));
        var seen = gateway.Simulator.State.Counters.LastRequests.LastOrDefault(other => other.Method == "POST");
        return ($"{(int)response.StatusCode} {stable}", seen?.Path);
    }

    private static string BodyFor(string path) => path[(path.LastIndexOf('/') + 1)..] switch
    {
        "embeddings" => $$"""{"model":"{{GatewayUnderTest.Embedder}}","input":"Hello!"}""",
        _ when path.Contains("chat") => GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "Hello!"),
        "completions" => $$"""{"model":"{{GatewayUnderTest.Chat}}","prompt":"Hello!"}""",
        _ => """{"prompt":"a cat"}""",
    };
}
