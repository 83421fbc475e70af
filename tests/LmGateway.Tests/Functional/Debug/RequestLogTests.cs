using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace LmGateway.Tests.Functional.Debug;

/// <summary>What the log says of a request (S4-60).</summary>
public sealed class RequestLogTests
{
    [Fact]
    [Trait("req", "S4-60")]
    public async Task Debug_shows_when_a_request_is_sent_when_its_stream_starts_and_ends_and_the_time_it_took()
    {
        var log = await LogOfOneStreamAsync("debug");
        Assert.Matches("Request sent to lmstudio: qwen2-1.5b-instruct on qwen2-1.5b-instruct, after \\d+ ms in the queue and \\d+ ms of loading \\[mine-1\\]", log);
        Assert.Matches("Stream started: first piece after \\d+ ms \\[mine-1\\]", log);
        Assert.Matches("Stream ended: the backend took \\d+ ms, \\d+ ms of it after the first piece \\[mine-1\\]", log);
    }

    [Fact]
    public async Task Info_shows_one_line_with_where_the_time_went()
    {
        var log = await LogOfOneStreamAsync("info");
        Assert.Matches("openai lmstudio/qwen2-1.5b-instruct Done in \\d+ ms \\(\\d+ ms to the first piece, queued \\d+ ms, load \\d+ ms\\), \\d+\\+\\d+ tokens, 127.0.0.1 \\[mine-1\\]", log);
        Assert.DoesNotContain("Stream started", log, StringComparison.Ordinal);
    }

    private static async Task<string> LogOfOneStreamAsync(string level)
    {
        var folder = Directory.CreateTempSubdirectory("lmgateway-log-");
        try
        {
            await using var gateway = await GatewayProcess.StartAsync(folder.FullName, new Dictionary<string, string> { ["LOG_LEVEL"] = level }, "--demo", "--port", "0");
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello", "\"stream\":true"), Encoding.UTF8, "application/json") };
            request.Headers.Add("x-request-id", "mine-1");
            using var reply = await gateway.Http.SendAsync(request);
            await reply.Content.ReadAsStringAsync();
            Assert.Equal(0, await gateway.EndAsync(PosixSignal.SIGTERM));
            return gateway.Errors;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
