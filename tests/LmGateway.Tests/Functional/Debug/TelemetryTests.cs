using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LmGateway.Tests.Functional.Debug;

/// <summary>Spans and measurements by OTLP, from the real program to a receiver.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public async Task With_the_standard_variables_spans_and_measurements_are_sent()
    {
        await using var receiver = await Receiver.StartAsync();
        using var folder = new TemporaryFolder();
        await using var gateway = await GatewayProcess.StartAsync(folder.Path, new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment=bench-42",
        }, "--demo", "--port", "0");
        using var reply = await gateway.Http.PostAsync("/v1/chat/completions", new StringContent(GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello", "\"stream\":true"), Encoding.UTF8, "application/json"));
        await reply.Content.ReadAsStringAsync();
        Assert.Equal(0, await gateway.EndAsync(PosixSignal.SIGTERM));

        var traces = receiver.Got("/v1/traces");
        foreach (var words in new[] { "chat qwen2-1.5b-instruct", "gen_ai.operation.name", "gen_ai.request.model", "gen_ai.usage.output_tokens", "lmgateway", "bench-42" }) Assert.Contains(words, traces, StringComparison.Ordinal);
        var metrics = receiver.Got("/v1/metrics");
        foreach (var words in new[] { "gen_ai.server.request.duration", "gen_ai.server.time_to_first_token", "gen_ai.client.token.usage", "gen_ai.token.type" }) Assert.Contains(words, metrics, StringComparison.Ordinal);
    }

    private sealed class TemporaryFolder : IDisposable
    {
        private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("lmgateway-otlp-");

        public string Path => folder.FullName;

        public void Dispose() => folder.Delete(recursive: true);
    }

    /// <summary>Takes whatever is posted, and keeps it as text.</summary>
    private sealed class Receiver(WebApplication app, ConcurrentQueue<(string Path, string Body)> posts) : IAsyncDisposable
    {
        public string Address => app.Urls.First();

        public string Got(string path) => string.Concat(posts.Where(post => post.Path == path).Select(post => post.Body));

        public static async Task<Receiver> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            var built = builder.Build();
            built.Urls.Add("http://127.0.0.1:0");
            var taken = new ConcurrentQueue<(string, string)>();
            built.Run(async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body, context.RequestAborted);
                taken.Enqueue((context.Request.Path.Value!, Encoding.Latin1.GetString(body.ToArray())));
                context.Response.ContentType = "application/x-protobuf";
            });
            await built.StartAsync(TestContext.Current.CancellationToken);
            return new Receiver(built, taken);
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
