using System.Text;
using LmGateway.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>While a stream waits, its status is held back for a time; then comments keep the connection alive.</summary>
public sealed class KeepAliveTests
{
    private const string Comment = ": keep-alive\n\n";
    private static readonly TimeSpan LoadTime = TimeSpan.FromHours(1);

    public static TheoryData<string> Streaming { get; } = [InferenceApi.Chat, InferenceApi.Completions, InferenceApi.Responses, InferenceApi.Messages, InferenceApi.ChatV0, InferenceApi.ChatV1];

    [Theory]
    [MemberData(nameof(Streaming))]
    public async Task Once_the_status_is_out_comments_come_until_the_model_is_loaded_and_the_answer_follows(string path)
    {
        var (api, time) = (InferenceApi.At(path), new ManualTime());
        await using var gateway = await StartAsync(time);
        using var response = await gateway.PostAsync(path, api.Request(stream: true));
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        using var body = await response.Content.ReadAsStreamAsync();
        Assert.Equal(Comment + Comment, await ReadAsync(body, 2 * Comment.Length));
        Assert.Equal(1, gateway.Counters().LoadsStarted);
        Assert.Equal(0, gateway.Counters().LoadsCompleted);
        await FinishLoadAsync(gateway, time);
        var rest = ServerEvent.Parse(await new StreamReader(body).ReadToEndAsync());
        Assert.Single(rest, api.IsEnd);
        if (api.HasDone) Assert.Equal("[DONE]", rest[^1].Data);
        await gateway.NothingIsLeftAsync();
    }

    [Theory]
    [MemberData(nameof(Streaming))]
    public async Task A_load_that_fails_after_the_status_is_out_ends_in_an_error_event(string path)
    {
        var api = InferenceApi.At(path);
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { LoadTime = LoadTime }, options => options with
        {
            Scheduling = new SchedulingOptions { HoldHeadersSeconds = 0, KeepAliveSeconds = 1, LoadTimeoutSeconds = 1 },
        });
        using var response = await gateway.PostAsync(path, api.Request(stream: true));
        Assert.Equal(200, (int)response.StatusCode);
        var text = await response.Content.ReadAsStringAsync();
        Assert.StartsWith(Comment, text);
        Assert.Contains("did not end within 1 s", api.AssertBrokenOff(Failure.Timeout, text));
        await gateway.NothingIsLeftAsync();
    }

    [Theory]
    [MemberData(nameof(Streaming))]
    public async Task A_load_that_fails_while_the_status_is_held_back_has_its_real_status(string path)
    {
        var api = InferenceApi.At(path);
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.LoadFailed, Message = "Failed to load model" });
        using var response = await gateway.PostAsync(path, api.Request(stream: true));
        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
        api.AssertError(Failure.Load, (int)response.StatusCode, System.Text.Json.JsonElement.Parse(await response.Content.ReadAsStringAsync()));
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_refusal_of_the_backend_after_the_status_is_out_is_an_error_event_on_every_API()
    {
        foreach (var path in new[] { InferenceApi.Chat, InferenceApi.Messages, InferenceApi.ChatV0, InferenceApi.ChatV1 })
        {
            var (api, time) = (InferenceApi.At(path), new ManualTime());
            await using var gateway = await StartAsync(time);
            gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.ErrorStatus, Scope = path, Status = 500, Body = """{"error":"boom"}""" });
            using var response = await gateway.PostAsync(path, api.Request(stream: true));
            using var body = await response.Content.ReadAsStreamAsync();
            var text = await ReadAsync(body, Comment.Length);
            await FinishLoadAsync(gateway, time);
            text += await new StreamReader(body).ReadToEndAsync();
            Assert.Equal("boom", api.AssertBrokenOff(Failure.Backend, text));
        }
    }

    [Fact]
    public async Task Comments_also_fill_the_silence_between_two_tokens()
    {
        await using var backend = ScriptedBackend.Running(async (stream, cancellationToken) =>
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + ScriptedBackend.Chunk("one")), cancellationToken);
            await ScriptedBackend.UntilClosedAsync(stream, cancellationToken);
        });
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address, Impatient);
        using var response = await gateway.PostAsync(InferenceApi.Chat, InferenceApi.At(InferenceApi.Chat).Request(ScriptedBackend.Model, stream: true));
        using var body = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await body.ReadLineAsync() is { } line && !line.Contains("one", StringComparison.Ordinal))
        {
            // Comments may come before the first token as well.
        }

        Assert.Equal("", await body.ReadLineAsync());
        Assert.Equal(": keep-alive", await body.ReadLineAsync());
        Assert.Equal("", await body.ReadLineAsync());
    }

    private static Task<GatewayUnderTest> StartAsync(TimeProvider time) =>
        GatewayUnderTest.StartAsync(simulated => simulated with { LoadTime = LoadTime, TimeProvider = time }, Impatient);

    private static GatewayOptions Impatient(GatewayOptions options) => options with { Scheduling = new SchedulingOptions { HoldHeadersSeconds = 0, KeepAliveSeconds = 1 } };

    /// <summary>Lets the simulator's time pass once the load has begun; before that, time would run out for its other work too.</summary>
    private static async Task FinishLoadAsync(GatewayUnderTest gateway, ManualTime time)
    {
        await Eventually.TrueAsync(() => gateway.Counters().LoadsStarted == 1, "the load has begun");
        await Eventually.TrueAsync(
            () =>
            {
                if (gateway.Counters().LoadsCompleted == 1) return true;
                time.Advance(LoadTime / 5);
                return false;
            },
            "the model is loaded");
    }

    private static async Task<string> ReadAsync(Stream stream, int bytes)
    {
        var buffer = new byte[bytes];
        await stream.ReadExactlyAsync(buffer);
        return Encoding.UTF8.GetString(buffer);
    }
}
