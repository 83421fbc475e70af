using LmGateway.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Mcp;

/// <summary>The tool <c>chat</c>: progress, limits, cancellation and what is kept of a generation that does not end well.</summary>
public sealed class McpChatTests
{
    private const string Ask = $$"""{"model":"{{GatewayUnderTest.Chat}}","prompt":"count to 5"}""";
    private const string AskLong = $$"""{"model":"{{GatewayUnderTest.Chat}}","prompt":"count to 100000"}""";

    [Theory]
    [InlineData(McpCaller.Newest)]
    [InlineData(McpCaller.Older)]
    public async Task An_answer_comes_with_its_model_usage_and_times(string version)
    {
        await using var service = await McpGateway.StartAsync();
        var answer = await new McpCaller(service.Gateway.Http, version).CallAsync("chat", Ask);
        Assert.False(answer.IsError, answer.Text);
        Assert.Equal("1, 2, 3, 4, 5", answer.Text);
        Assert.Equal("1, 2, 3, 4, 5", answer.Structure.GetProperty("text").GetString());
        Assert.Equal(GatewayUnderTest.Chat, answer.Structure.GetProperty("model").GetString());
        Assert.Equal("stop", answer.Structure.GetProperty("finish_reason").GetString());
        Assert.False(answer.Structure.GetProperty("truncated").GetBoolean());
        Assert.True(answer.Structure.GetProperty("usage").GetProperty("completion_tokens").GetInt32() > 0);
        Assert.True(answer.Structure.GetProperty("timings").GetProperty("load_ms").GetDouble() > 0);
        Assert.False(string.IsNullOrEmpty(answer.Structure.GetProperty("request_id").GetString()));
    }

    [Theory]
    [InlineData(McpCaller.Newest)]
    [InlineData(McpCaller.Older)]
    public async Task Progress_comes_from_the_first_moment_and_always_rises(string version)
    {
        await using var service = await McpGateway.StartAsync(simulated => simulated with { LoadTime = TimeSpan.FromSeconds(3), TimeToFirstToken = TimeSpan.FromSeconds(2) });
        var answer = await new McpCaller(service.Gateway.Http, version).CallAsync("chat", Ask, "token-1");
        Assert.False(answer.IsError, answer.Text);
        var steps = answer.Reply.Progress.ToList();
        Assert.All(steps, step => Assert.Equal("token-1", step.GetProperty("progressToken").GetString()));
        var reached = steps.Select(step => step.GetProperty("progress").GetDouble()).ToList();
        Assert.Equal(reached.Order(), reached);
        Assert.Equal(reached.Count, reached.Distinct().Count());
        var said = steps.Select(step => step.GetProperty("message").GetString()!).ToList();
        Assert.Equal("Starting", said[0]);
        Assert.Contains(said, message => message.StartsWith($"Loading {GatewayUnderTest.Chat}", StringComparison.Ordinal));
        Assert.Contains(said, message => message.StartsWith("Reading the prompt", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_backend_is_always_asked_for_a_stream()
    {
        await using var service = await McpGateway.StartAsync();
        await service.Mcp.CallAsync("chat", Ask);
        var request = service.Gateway.Simulator.State.Counters.LastRequests.Last(seen => seen.Path.StartsWith("/v1/chat/completions", StringComparison.Ordinal));
        Assert.Contains("\"stream\":true", request.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(McpCaller.Newest)]
    [InlineData(McpCaller.Older)]
    public async Task A_client_that_leaves_ends_the_generation(string version)
    {
        await using var service = await McpGateway.StartAsync(simulated => simulated with { TokensPerSecond = 50 });
        using var leaving = new CancellationTokenSource();
        var calling = new McpCaller(service.Gateway.Http, version).CallAsync("chat", AskLong, "p", leaving.Token);
        await Eventually.TrueAsync(() => service.Counters.OpenStreams == 1, "the generation runs");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);
        await Eventually.TrueAsync(() => service.Counters is { Cancels: 1, OpenStreams: 0, OpenRequests: 0 }, "the backend sees the cancel");
    }

    [Fact]
    public async Task Of_two_calls_the_one_that_is_left_ends_and_the_other_goes_on()
    {
        await using var service = await McpGateway.StartAsync(simulated => simulated with { TokensPerSecond = 100 });
        using var leaving = new CancellationTokenSource();
        var left = service.Mcp.CallAsync("chat", AskLong, cancellationToken: leaving.Token);
        await Eventually.TrueAsync(() => service.Counters.OpenStreams == 1, "the first generation runs");
        var kept = service.Mcp.CallAsync("chat", $$"""{"model":"{{GatewayUnderTest.Chat}}","prompt":"count to 60"}""");
        await Eventually.TrueAsync(() => service.Counters.OpenStreams == 2, "both generations run");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.EndsWith("59, 60", (await kept).Text, StringComparison.Ordinal);
        Assert.Equal(1, service.Counters.Cancels);
    }

    [Fact]
    public async Task A_time_limit_gives_what_there_is_and_says_so()
    {
        await using var service = await McpGateway.StartAsync(simulated => simulated with { TokensPerSecond = 50 });
        var answer = await service.Mcp.CallAsync("chat", $$"""{"model":"{{GatewayUnderTest.Chat}}","prompt":"count to 100000","timeout_seconds":2}""");
        Assert.False(answer.IsError);
        Assert.True(answer.Structure.GetProperty("truncated").GetBoolean());
        Assert.StartsWith("1, 2", answer.Structure.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Contains("the time limit of 2 s was reached", answer.Text, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => service.Counters is { Cancels: 1, OpenStreams: 0 }, "the generation ends");
    }

    [Fact]
    public async Task A_pause_that_is_too_long_gives_what_there_is()
    {
        await using var service = await McpGateway.StartAsync(configure: options => options with { Mcp = options.Mcp with { SilenceSeconds = 1 } });
        using var fault = Fault(service, new Fault { Kind = FaultKind.Stall, Tokens = 4 });
        var answer = await service.Mcp.CallAsync("chat", Ask);
        Assert.False(answer.IsError);
        Assert.True(answer.Structure.GetProperty("truncated").GetBoolean());
        Assert.Contains("mcp.silence_seconds", answer.Structure.GetProperty("note").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_breaks_keeps_what_came_before_and_one_without_anything_is_an_error_with_advice()
    {
        await using var service = await McpGateway.StartAsync();
        using (Fault(service, new Fault { Kind = FaultKind.ResetAfterTokens, Tokens = 3 }))
        {
            var broken = await service.Mcp.CallAsync("chat", Ask);
            Assert.False(broken.IsError);
            Assert.True(broken.Structure.GetProperty("truncated").GetBoolean());
            Assert.StartsWith("1", broken.Structure.GetProperty("text").GetString(), StringComparison.Ordinal);
        }

        using (Fault(service, new Fault { Kind = FaultKind.ErrorStatus, Status = 500 }))
        {
            var failed = await service.Mcp.CallAsync("chat", Ask);
            Assert.True(failed.IsError);
            Assert.Contains("Call again", failed.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_model_that_does_not_begin_in_time_is_an_error_with_advice()
    {
        await using var service = await McpGateway.StartAsync(
            simulated => simulated with { TimeToFirstToken = TimeSpan.FromMinutes(5) }, options => options with { Mcp = options.Mcp with { FirstTokenSeconds = 1 } });
        var answer = await service.Mcp.CallAsync("chat", Ask);
        Assert.True(answer.IsError);
        Assert.Contains("start_job", answer.Text, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => service.Counters is { OpenStreams: 0, OpenRequests: 0 }, "the generation ends");
    }

    [Theory]
    [InlineData("""{"reasoning_content":"Let me see."}""", """{"content":"Four."}""")]
    [InlineData("""{"reasoning":"Let me see."}""", """{"content":"Four."}""")]
    [InlineData("""{"content":"<think>Let me"}""", """{"content":" see.</think>Four."}""")]
    public async Task What_a_model_thinks_is_kept_apart(string thought, string answer)
    {
        var given = await AnsweredAsync(thought, answer, "stop");
        Assert.Equal("Four.", given.Text);
        Assert.Equal("Four.", given.Structure.GetProperty("text").GetString());
        Assert.Equal("Let me see.", given.Structure.GetProperty("reasoning").GetString());
    }

    [Fact]
    public async Task Thoughts_alone_are_reported_as_no_answer()
    {
        var given = await AnsweredAsync("""{"reasoning_content":"Let me"}""", """{"reasoning_content":" see"}""", "length");
        Assert.False(given.IsError);
        Assert.Equal("", given.Structure.GetProperty("text").GetString());
        Assert.Equal("Let me see", given.Structure.GetProperty("reasoning").GetString());
        Assert.True(given.Structure.GetProperty("truncated").GetBoolean());
        Assert.Contains("larger max_tokens", given.Text, StringComparison.Ordinal);
    }

    private static async Task<McpAnswer> AnsweredAsync(string first, string second, string finish)
    {
        await using var backend = ScriptedBackend.Streaming($$"""
            data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"scripted","choices":[{"index":0,"delta":{{first}},"finish_reason":null}]}

            data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"scripted","choices":[{"index":0,"delta":{{second}},"finish_reason":"{{finish}}"}]}

            data: [DONE]


            """.ReplaceLineEndings("\n"));
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);
        return await new McpCaller(gateway.Http).CallAsync("chat", """{"model":"scripted","prompt":"2 + 2?"}""");
    }

    [Fact]
    public async Task Earlier_turns_a_system_text_a_schema_and_an_image_are_handed_on()
    {
        await using var service = await McpGateway.StartAsync();
        var schema = await service.Mcp.CallAsync("chat", $$"""{"model":"{{GatewayUnderTest.Chat}}","system":"Be brief.","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}],"prompt":"More","json_schema":{"type":"object","properties":{"n":{"type":"integer"} },"required":["n"]} }""");
        Assert.StartsWith("{", schema.Text, StringComparison.Ordinal);
        var body = service.Gateway.Simulator.State.Counters.LastRequests.Last(seen => seen.Path.StartsWith("/v1/chat/completions", StringComparison.Ordinal)).Body;
        Assert.Contains("Be brief.", body, StringComparison.Ordinal);
        Assert.Contains("Hello", body, StringComparison.Ordinal);
        const string pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAACklEQVR4nGMAAQAABQABDQottAAAAABJRU5ErkJggg==";
        var seen = await service.Mcp.CallAsync("chat", $$"""{"model":"{{GatewayUnderTest.Vision}}","prompt":"What is it?","images":["data:image/png;base64,{{pixel}}"]}""");
        Assert.Contains("I see 1 image", seen.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_hears_no_progress_gets_a_job_before_it_would_give_up()
    {
        await using var service = await McpGateway.StartAsync(
            simulated => simulated with { TokensPerSecond = 40 }, options => options with { Mcp = options.Mcp with { AnswerWithinSeconds = 1 } });
        var early = await service.Mcp.CallAsync("chat", $$"""{"model":"{{GatewayUnderTest.Chat}}","prompt":"count to 60"}""");
        Assert.False(early.IsError);
        Assert.Equal("running", early.Structure.GetProperty("status").GetString());
        var job = early.Structure.GetProperty("job_id").GetString();
        Assert.Contains(job!, early.Text, StringComparison.Ordinal);
        await Eventually.TrueAsync(async () => (await service.Mcp.CallAsync("job_status", $$"""{"job_id":"{{job}}","wait_seconds":20}""")).Structure.GetProperty("status").ValueEquals("done"), "the job ends");
        Assert.EndsWith("59, 60", (await service.Mcp.CallAsync("job_result", $$"""{"job_id":"{{job}}"}""")).Text, StringComparison.Ordinal);
        // With progress the same client waits to the end.
        Assert.EndsWith("59, 60", (await service.Mcp.CallAsync("chat", $$"""{"model":"{{GatewayUnderTest.Chat}}","prompt":"count to 60"}""", "p")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_runs_without_its_client_and_can_be_asked_for_and_cancelled()
    {
        await using var service = await McpGateway.StartAsync(simulated => simulated with { TokensPerSecond = 50 });
        var started = await service.Mcp.CallAsync("start_job", $$"""{"tool":"chat","arguments":{{AskLong}} }""");
        var id = started.Structure.GetProperty("job_id").GetString();
        await Eventually.TrueAsync(() => service.Counters.OpenStreams == 1, "the job generates");
        Assert.True((await service.Mcp.CallAsync("job_result", $$"""{"job_id":"{{id}}"}""")).IsError);
        Assert.Equal("running", (await service.Mcp.CallAsync("job_status", $$"""{"job_id":"{{id}}"}""")).Structure.GetProperty("status").GetString());
        Assert.Equal("cancelled", (await service.Mcp.CallAsync("cancel_job", $$"""{"job_id":"{{id}}"}""")).Structure.GetProperty("status").GetString());
        await Eventually.TrueAsync(() => service.Counters is { Cancels: 1, OpenStreams: 0 }, "the backend sees the cancel");
        Assert.Equal("cancelled", (await service.Mcp.CallAsync("job_result", $$"""{"job_id":"{{id}}"}""")).Structure.GetProperty("status").GetString());
    }

    [Fact]
    public async Task MODEL_NAME_answers_where_a_call_names_none_however_it_is_written()
    {
        await using var service = await McpGateway.StartAsync(configure: options => options with { BringUp = options.BringUp with { Model = "Qwen/Qwen2-1.5B-Instruct-GGUF" } });
        Assert.Equal(GatewayUnderTest.Chat, (await service.Mcp.CallAsync("chat", """{"prompt":"count to 2"}""")).Structure.GetProperty("model").GetString());
    }

    private static Ending Fault(McpGateway service, Fault fault)
    {
        service.Gateway.Simulator.State.Faults.Add(fault with { Scope = "/v1/chat" });
        return new Ending(service.Gateway.Simulator.State.Faults.Clear);
    }

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
