using LmGateway.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>A stream that breaks in the middle says so in the API's own event; nothing makes it look whole.</summary>
public sealed class StreamFaultTests
{
    private const int Tokens = 4;

    public static TheoryData<string> Streaming { get; } =
        [InferenceApi.Chat, InferenceApi.Completions, InferenceApi.Responses, InferenceApi.Messages, InferenceApi.ChatV0, InferenceApi.ChatV1];

    [Theory]
    [MemberData(nameof(Streaming))]
    public async Task A_connection_that_dies_after_some_tokens_ends_in_an_error_event(string path)
    {
        var (api, stream) = await BreakAsync(path, new Fault { Kind = FaultKind.ResetAfterTokens, Tokens = Tokens });
        api.AssertBrokenOff(Failure.Unreachable, stream);
        AssertCounted(stream);
    }

    [Theory]
    [MemberData(nameof(Streaming))]
    public async Task A_stream_that_falls_silent_ends_in_a_timeout_event(string path)
    {
        var (api, stream) = await BreakAsync(path, new Fault { Kind = FaultKind.Stall, Tokens = Tokens }, options => options with { Timeouts = new TimeoutOptions { StreamIdleMs = 400 } });
        Assert.StartsWith("timeout of 400ms exceeded", api.AssertBrokenOff(Failure.Timeout, stream));
        AssertCounted(stream);
    }

    [Theory]
    [MemberData(nameof(Streaming))]
    public async Task A_stream_that_takes_too_long_in_all_ends_in_a_timeout_event(string path)
    {
        var api = InferenceApi.At(path);
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulated => simulated with { TokensPerSecond = 20 }, options => options with { Timeouts = new TimeoutOptions { StreamMs = 500 } });
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct"}""");
        using var response = await gateway.PostAsync(path, api.Request(prompt: "count to 5000", stream: true));
        Assert.StartsWith("timeout of 500ms exceeded", api.AssertBrokenOff(Failure.Timeout, await response.Content.ReadAsStringAsync()));
        await gateway.NothingIsLeftAsync();
        Assert.Equal(1, gateway.Counters().Cancels);
    }

    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Completions)]
    [InlineData(InferenceApi.Responses)]
    [InlineData(InferenceApi.Messages)]
    public async Task An_event_that_is_not_JSON_ends_in_an_error_event(string path)
    {
        var (api, stream) = await BreakAsync(path, new Fault { Kind = FaultKind.MalformedEvent, Tokens = Tokens });
        api.AssertBrokenOff(Failure.Backend, stream);
        Assert.DoesNotContain("chatcmpl-broken", stream);
    }

    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Completions)]
    [InlineData(InferenceApi.Messages)]
    public async Task An_error_event_of_the_backend_becomes_one_of_the_API_with_its_words(string path)
    {
        var (api, stream) = await BreakAsync(path, new Fault { Kind = FaultKind.ErrorEvent, Tokens = Tokens, Message = "The model has crashed." });
        Assert.Equal("The model has crashed.", api.AssertBrokenOff(Failure.Backend, stream));
        AssertCounted(stream);
    }

    [Theory]
    [InlineData(InferenceApi.Responses)]
    [InlineData(InferenceApi.ChatV0)]
    [InlineData(InferenceApi.ChatV1)]
    public async Task A_failure_told_in_the_APIs_own_words_is_handed_on_once(string path)
    {
        var (api, stream) = await BreakAsync(path, new Fault { Kind = FaultKind.ErrorEvent, Tokens = Tokens, Message = "The model has crashed." });
        var events = ServerEvent.Parse(stream);
        Assert.Single(events, each => each.Name is "error" or "response.failed");
        Assert.Contains("The model has crashed.", stream);
        Assert.DoesNotContain("[DONE]", stream);
        if (path == InferenceApi.Responses) Assert.DoesNotContain(events, api.IsEnd);
    }

    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Completions)]
    public async Task A_finished_stream_without_its_last_marker_gets_it_once(string path)
    {
        var (api, stream) = await BreakAsync(path, new Fault { Kind = FaultKind.NoDone });
        var events = ServerEvent.Parse(stream);
        Assert.Equal("[DONE]", events[^1].Data);
        Assert.Single(events, each => each.Data == "[DONE]");
        Assert.Single(events, api.IsEnd);
        Assert.DoesNotContain("\"error\"", stream);
    }

    [Theory]
    [InlineData(InferenceApi.Responses)]
    [InlineData(InferenceApi.Messages)]
    public async Task A_stream_of_named_events_without_its_last_one_is_broken_off(string path)
    {
        var (api, stream) = await BreakAsync(path, new Fault { Kind = FaultKind.NoDone });
        api.AssertBrokenOff(Failure.Backend, stream);
    }

    [Theory]
    [InlineData("nothing at all", "")]
    [InlineData("only a comment", ": hello\n\n")]
    [InlineData("not JSON at first", "data: {\"id\":\n\n")]
    [InlineData("an error at first", "data: {\"error\":{\"message\":\"boom\",\"code\":500}}\n\n")]
    [InlineData("a named error at first", "event: error\ndata: {\"error\":{\"message\":\"boom\"},\"message\":\"boom\"}\n\n")]
    public async Task A_fault_before_the_first_event_has_its_real_status(string what, string events)
    {
        Assert.NotEmpty(what);
        await using var backend = ScriptedBackend.Streaming(events);
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);
        foreach (var path in new[] { InferenceApi.Chat, InferenceApi.Completions })
        {
            var api = InferenceApi.At(path);
            var (status, body) = await gateway.PostJsonAsync(path, api.Request(ScriptedBackend.Model, stream: true));
            api.AssertError(Failure.Backend, status, body);
        }

        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_stream_that_is_nothing_but_its_end_is_what_LM_Studio_makes_of_a_prompt_that_is_too_long()
    {
        await using var backend = ScriptedBackend.Streaming("data: [DONE]\n\n");
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);
        var api = InferenceApi.At(InferenceApi.Chat);
        var (status, body) = await gateway.PostJsonAsync(api.Path, api.Request(ScriptedBackend.Model, stream: true));
        api.AssertError(Failure.Context, status, body);
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_stream_that_is_cut_inside_an_event_gives_the_whole_events_and_an_error()
    {
        await using var backend = ScriptedBackend.Streaming(ScriptedBackend.Chunk("one") + ScriptedBackend.Chunk("two") + ScriptedBackend.Chunk("three")[..40]);
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);
        var api = InferenceApi.At(InferenceApi.Chat);
        using var response = await gateway.PostAsync(api.Path, api.Request(ScriptedBackend.Model, stream: true));
        var stream = await response.Content.ReadAsStringAsync();
        Assert.Equal(200, (int)response.StatusCode);
        api.AssertBrokenOff(Failure.Backend, stream);
        Assert.Contains("one", stream);
        Assert.Contains("two", stream);
        Assert.DoesNotContain("three", stream);
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task What_follows_the_end_of_a_stream_is_not_handed_on()
    {
        await using var backend = ScriptedBackend.Streaming(ScriptedBackend.Chunk("one", "stop") + "data: [DONE]\n\n" + ScriptedBackend.Chunk("late") + "data: [DONE]\n\n");
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);
        using var response = await gateway.PostAsync(InferenceApi.Chat, InferenceApi.At(InferenceApi.Chat).Request(ScriptedBackend.Model, stream: true));
        var stream = await response.Content.ReadAsStringAsync();
        Assert.DoesNotContain("late", stream);
        Assert.Single(ServerEvent.Parse(stream), each => each.Data == "[DONE]");
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_backend_that_does_not_close_a_finished_stream_holds_nobody_up()
    {
        await using var backend = ScriptedBackend.Running(async (stream, cancellationToken) =>
        {
            var text = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + ScriptedBackend.Chunk("one", "stop") + "data: [DONE]\n\n";
            await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), cancellationToken);
            await ScriptedBackend.UntilClosedAsync(stream, cancellationToken);
        });
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);
        using var response = await gateway.PostAsync(InferenceApi.Chat, InferenceApi.At(InferenceApi.Chat).Request(ScriptedBackend.Model, stream: true));
        Assert.EndsWith("data: [DONE]\n\n", await response.Content.ReadAsStringAsync());
        await gateway.NothingIsLeftAsync();
        await Eventually.TrueAsync(() => backend.Open == 0, "the connection is given up");
    }

    private static async Task<(InferenceApi Api, string Stream)> BreakAsync(string path, Fault fault, Func<GatewayOptions, GatewayOptions>? configure = null)
    {
        var api = InferenceApi.At(path);
        await using var gateway = await GatewayUnderTest.StartAsync(configure: configure);
        gateway.Simulator.State.Faults.Add(fault with { Scope = path });
        using var response = await gateway.PostAsync(path, api.Request(prompt: "count to 50", stream: true));
        Assert.Equal(200, (int)response.StatusCode);
        Assert.StartsWith("text/event-stream", response.Content.Headers.ContentType?.ToString());
        var stream = await response.Content.ReadAsStringAsync();
        await gateway.NothingIsLeftAsync();
        gateway.Simulator.State.Faults.Clear();
        Assert.Equal(200, (await gateway.PostJsonAsync(path, api.Request())).Status);
        return (api, stream);
    }

    /// <summary>What came before the fault was handed on.</summary>
    private static void AssertCounted(string stream) => Assert.Contains("\"1", stream.Replace(" ", "", StringComparison.Ordinal));
}
