using System.Net.Sockets;
using System.Text;
using LmGateway.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>A caller that goes away frees everything that was done for it, wherever its request stands.</summary>
public sealed class CancellationTests
{
    private static readonly TimeSpan Forever = TimeSpan.FromHours(1);

    public static TheoryData<string> Generating { get; } = [InferenceApi.Chat, InferenceApi.Completions, InferenceApi.Responses, InferenceApi.Messages, InferenceApi.ChatV0, InferenceApi.ChatV1];

    [Theory]
    [MemberData(nameof(Generating))]
    public async Task In_the_middle_of_a_stream(string path)
    {
        var api = InferenceApi.At(path);
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { TokensPerSecond = 100 });
        var response = await gateway.PostAsync(path, api.Request(prompt: "count to 5000", stream: true));
        using (var reader = new StreamReader(await response.Content.ReadAsStreamAsync()))
            for (var line = 0; line < 12; line++) Assert.NotNull(await reader.ReadLineAsync());
        response.Dispose();
        await AssertCancelledAsync(gateway);
    }

    [Theory]
    [MemberData(nameof(Generating))]
    public async Task Before_the_first_token(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { TimeToFirstToken = Forever });
        foreach (var stream in new[] { true, false })
        {
            gateway.Simulator.State.Counters.Reset();
            using var leaving = new CancellationTokenSource();
            var asking = gateway.PostAsync(path, InferenceApi.At(path).Request(stream: stream), leaving.Token);
            await Eventually.TrueAsync(() => gateway.Counters() is { Predictions: 1 }, "the prompt is being read");
            await leaving.CancelAsync();
            await LeaveAsync(asking);
            await AssertCancelledAsync(gateway);
        }
    }

    [Theory]
    [MemberData(nameof(Generating))]
    public async Task In_the_middle_of_an_answer_that_is_not_streamed(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { TokensPerSecond = 10 });
        using var leaving = new CancellationTokenSource();
        var asking = gateway.PostAsync(path, InferenceApi.At(path).Request(prompt: "count to 5000"), leaving.Token);
        await Eventually.TrueAsync(() => gateway.Simulator.State.Instances.All is [{ State.Status: ProcessingStatus.Generating }], "tokens are made");
        await leaving.CancelAsync();
        await LeaveAsync(asking);
        await AssertCancelledAsync(gateway);
    }

    [Fact]
    public async Task In_the_queue()
    {
        var api = InferenceApi.At(InferenceApi.Chat);
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { TimeToFirstToken = Forever, ParallelSessions = 1 });
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var running = gateway.PostAsync(api.Path, api.Request(), first.Token);
        await Eventually.TrueAsync(() => gateway.Counters().Predictions == 1, "the first one runs");
        var queued = gateway.PostAsync(api.Path, api.Request(stream: true), second.Token);
        await Eventually.TrueAsync(() => gateway.Waiting() == 1, "the second one waits");
        await second.CancelAsync();
        await LeaveAsync(queued);
        await Eventually.TrueAsync(() => gateway.Waiting() == 0, "the second one has left");
        Assert.Equal(1, gateway.Running());
        gateway.Simulator.State.Change(settings => settings with { TimeToFirstToken = TimeSpan.Zero });
        var third = gateway.PostJsonAsync(api.Path, api.Request());
        await Eventually.TrueAsync(() => gateway.Waiting() == 1, "the third one waits");
        await first.CancelAsync();
        await LeaveAsync(running);
        Assert.Equal(200, (await third).Status);
        await gateway.NothingIsLeftAsync();
        Assert.Equal((2, 1), (gateway.Counters().Predictions, gateway.Counters().Cancels));
    }

    [Fact]
    public async Task The_last_one_that_waits_for_a_load_ends_it_and_no_other()
    {
        var api = InferenceApi.At(InferenceApi.Chat);
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { LoadTime = Forever });
        var waiting = new List<(CancellationTokenSource Leaving, Task<HttpResponseMessage> Asking)>();
        for (var caller = 0; caller < 3; caller++)
        {
            var leaving = new CancellationTokenSource();
            waiting.Add((leaving, gateway.PostAsync(api.Path, api.Request(stream: caller == 1), leaving.Token)));
        }

        await Eventually.TrueAsync(() => gateway.Waiting() == 3 && gateway.Counters().LoadsStarted == 1, "three wait for one load");
        for (var caller = 0; caller < 3; caller++)
        {
            Assert.Equal(0, gateway.Counters().LoadsCancelled);
            await waiting[caller].Leaving.CancelAsync();
            await LeaveAsync(waiting[caller].Asking);
            var left = 2 - caller;
            await Eventually.TrueAsync(() => gateway.Waiting() == left, $"{left} wait");
        }

        await Eventually.TrueAsync(() => gateway.Counters().LoadsCancelled == 1, "the load is cancelled");
        await gateway.NothingIsLeftAsync();
        gateway.Simulator.State.Change(settings => settings with { LoadTime = TimeSpan.Zero });
        Assert.Equal(200, (await gateway.PostJsonAsync(api.Path, api.Request())).Status);
        Assert.Equal((2, 1), (gateway.Counters().LoadsStarted, gateway.Counters().LoadsCompleted));
        foreach (var (leaving, _) in waiting) leaving.Dispose();
    }

    [Fact]
    public async Task While_the_backend_loads_by_itself()
    {
        var api = InferenceApi.At(InferenceApi.Chat);
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulated => simulated with { LoadTime = Forever }, prepare: studio => studio.Faults.Add(new Fault { Kind = FaultKind.WebsocketRefused }));
        using var leaving = new CancellationTokenSource();
        var asking = gateway.PostAsync(api.Path, api.Request(), leaving.Token);
        await Eventually.TrueAsync(() => gateway.Counters().LoadsStarted == 1, "LM Studio loads");
        gateway.Simulator.State.Change(settings => settings with { LoadTime = TimeSpan.Zero });
        var behind = gateway.PostJsonAsync(api.Path, api.Request());
        await Eventually.TrueAsync(() => gateway.Waiting() == 1, "another one waits behind it");
        await leaving.CancelAsync();
        await LeaveAsync(asking);
        Assert.Equal(200, (await behind).Status);
        Assert.Equal((2, 1), (gateway.Counters().LoadsStarted, gateway.Counters().LoadsCancelled));
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task An_admin_load_ends_with_its_caller()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { LoadTime = Forever });
        using var leaving = new CancellationTokenSource();
        var loading = gateway.PostAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct"}""", leaving.Token);
        await Eventually.TrueAsync(() => gateway.Counters().LoadsStarted == 1, "the load runs");
        await leaving.CancelAsync();
        await LeaveAsync(loading);
        await Eventually.TrueAsync(() => gateway.Counters().LoadsCancelled == 1, "the load is cancelled");
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_connection_that_is_reset_while_the_body_is_still_coming_leaves_nothing()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using (var caller = new TcpClient())
        {
            await caller.ConnectAsync(System.Net.IPAddress.Loopback, gateway.Address.Port);
            await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: {gateway.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{{\"model\":"));
            var budget = (LmGateway.Api.Http.BodyBudget)gateway.Services.GetService(typeof(LmGateway.Api.Http.BodyBudget))!;
            await Eventually.TrueAsync(() => budget.Held > 0, "the body is being held");
            caller.Client.LingerState = new LingerOption(enable: true, 0);
        }

        await gateway.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Responses)]
    [InlineData(InferenceApi.ChatV1)]
    public async Task A_reader_that_does_not_read_holds_the_backend_up_instead_of_filling_memory(string path)
    {
        const long Bound = 64 * 1024 * 1024;
        long written = 0;
        await using var backend = ScriptedBackend.Running(async (stream, cancellationToken) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"u8.ToArray(), cancellationToken);
            var events = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(ScriptedBackend.Chunk(new string('x', 1000)), 50)));
            while (Volatile.Read(ref written) <= Bound)
            {
                await stream.WriteAsync(events, cancellationToken);
                Interlocked.Add(ref written, events.Length);
            }
        });
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);
        using (var response = await gateway.PostAsync(path, InferenceApi.At(path).Request(ScriptedBackend.Model, stream: true)))
        {
            Assert.Equal(200, (int)response.StatusCode);
            // It stands still for a second, or it has passed every bound.
            for (var (seen, now) = (-1L, 0L); seen != now && now <= Bound; (seen, now) = (now, Interlocked.Read(ref written))) await Task.Delay(1000);
            Assert.InRange(Interlocked.Read(ref written), 1, Bound);
        }

        await Eventually.TrueAsync(() => backend.Open == 0, "the backend is told to stop");
        await gateway.NothingIsLeftAsync();
    }

    /// <summary>The caller is gone: it got nothing, or the beginning of a stream.</summary>
    private static async Task LeaveAsync(Task<HttpResponseMessage> asking)
    {
        try
        {
            (await asking).Dispose();
        }
        catch (OperationCanceledException)
        {
            // It had got nothing yet.
        }
    }

    private static async Task AssertCancelledAsync(GatewayUnderTest gateway)
    {
        await Eventually.TrueAsync(() => gateway.Counters().Cancels == 1, "the backend is told to stop");
        await gateway.NothingIsLeftAsync();
        Assert.Equal((1, 0), (gateway.Counters().Predictions, gateway.Counters().PredictionsCompleted));
    }
}
