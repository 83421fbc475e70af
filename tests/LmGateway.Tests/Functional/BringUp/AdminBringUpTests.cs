using System.Text.Json;
using LmGateway.Tests.Functional.Keys;
using Xunit;

namespace LmGateway.Tests.Functional.BringUp;

/// <summary><c>POST /admin/models/up</c>: bring-up over HTTP, in one answer or line by line.</summary>
public sealed class AdminBringUpTests
{
    private const string Path = "/admin/models/up";
    private const string Wanted = "lmstudio-community/Llama-3.2-1B-Instruct-GGUF";

    [Fact]
    public async Task The_answer_has_the_steps_and_the_name_by_which_requests_reach_the_model()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, ready) = await gateway.PostJsonAsync(Path, $$"""{"modelKey":"{{GatewayUnderTest.Chat}}","backend":"LM-Studio"}""");
        Assert.Equal(200, status);
        Assert.Equal(
            $$"""{"status":"ready","modelKey":"{{GatewayUnderTest.Chat}}","identifier":"{{GatewayUnderTest.Chat}}","steps":["LM Studio already running","Model {{GatewayUnderTest.Chat}} already installed","Loaded model {{GatewayUnderTest.Chat}} into memory"],"message":"LLM ready for routing"}""",
            ready.GetRawText());
        Assert.Equal(GatewayUnderTest.Chat, Assert.Single(gateway.Simulator.State.Instances.All).Identifier);
    }

    [Fact]
    public async Task A_stream_tells_each_step_as_a_line_and_ends_with_how_it_went()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulated => simulated with { DownloadTime = TimeSpan.FromMilliseconds(500) }, options => options with { BringUp = options.BringUp with { Model = Wanted } });
        using var reply = await gateway.PostAsync(Path, """{"stream":true}""", TestContext.Current.CancellationToken);
        Assert.Equal((200, "application/x-ndjson"), ((int)reply.StatusCode, reply.Content.Headers.ContentType?.ToString()));
        var lines = await LinesAsync(reply);
        Assert.All(lines[..^1], line => Assert.Equal("progress", line.GetProperty("type").GetString()));
        Assert.Equal("Looking for LM Studio", lines[0].GetProperty("message").GetString());
        Assert.Contains(lines, line => line.TryGetProperty("percent", out var percent) && percent.GetDouble() == 0 && line.GetProperty("message").ValueEquals("Downloading model: 0%"));
        Assert.Equal("done", lines[^1].GetProperty("type").GetString());
        Assert.Equal(["LM Studio already running", $"Downloaded model {Wanted}", $"Loaded model {Wanted} into memory"], lines[^1].GetProperty("steps").EnumerateArray().Select(step => step.GetString()));
    }

    [Fact]
    public async Task A_failure_has_its_status_until_the_stream_has_begun_and_is_its_last_line_after_that()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, error) = await gateway.PostJsonAsync(Path, """{"modelKey":"no-such-model"}""");
        Assert.Equal(404, status);
        Assert.Equal("Model 'no-such-model' not found. Download it in LM Studio or check MODEL_NAME.", error.GetProperty("error").GetString());
        Assert.Equal("LM Studio already running", error.GetProperty("details")[0].GetString());

        using var reply = await gateway.PostAsync(Path, """{"modelKey":"no-such-model","stream":true}""", TestContext.Current.CancellationToken);
        var last = (await LinesAsync(reply))[^1];
        Assert.Equal(("error", error.GetProperty("error").GetString()), (last.GetProperty("type").GetString(), last.GetProperty("error").GetString()));

        (status, error) = await gateway.PostJsonAsync(Path, """{"backend":"ollama","stream":true}""");
        Assert.Equal(400, status);
        Assert.StartsWith("The backend 'ollama' is not configured here; there is lmstudio.", error.GetProperty("error").GetString(), StringComparison.Ordinal);
        (status, error) = await gateway.PostJsonAsync(Path, """{"backend":"vllm","source":"ftp","stream":1}""");
        Assert.Equal(400, status);
        Assert.Equal(
            ["backend: one of ollama, lmstudio, auto is expected", "source: ollama or huggingface is expected", "stream: true or false is expected"],
            error.GetProperty("details").EnumerateArray().Select(detail => detail.GetString()));
    }

    [Fact]
    public async Task It_needs_the_scope_of_the_models_and_is_written_down()
    {
        await using var gateway = await KeyedGateway.StartAsync("app scopes=inference", "desk scopes=models", "narrow scopes=models models=qwen3-vl-4b-instruct");
        const string Body = $$"""{"modelKey":"{{GatewayUnderTest.Chat}}"}""";
        foreach (var (key, status) in new[] { ("app", 403), ("desk", 200), ("narrow", 403) }) Assert.Equal(status, (await gateway.AskAsync(key, HttpMethod.Post, Path, Body)).Status);
        Assert.Equal(405, (await gateway.AskAsync("desk", HttpMethod.Delete, Path)).Status);
        Assert.Equal(
            [("app", 403, null), ("desk", 200, GatewayUnderTest.Chat), ("narrow", 403, GatewayUnderTest.Chat)],
            (await gateway.AuditAsync(3)).Take(3).Select(line => (line.GetProperty("caller").GetString(), line.GetProperty("status").GetInt32(), line.TryGetProperty("target", out var target) ? target.GetString() : null)));
    }

    private static async Task<List<JsonElement>> LinesAsync(HttpResponseMessage reply) =>
        [.. (await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
}
