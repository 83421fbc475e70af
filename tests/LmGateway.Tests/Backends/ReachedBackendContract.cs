using LmGateway.Backends;
using LmGateway.Configuration;
using LmGateway.Tests.Functional;
using LmGateway.Vocabulary;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Backends;

/// <summary>The same for backends that are programs of their own: a simulated LM Studio, and what can go wrong on the way to it.</summary>
public abstract class ReachedBackendContract : BackendContract
{
    private SimulatorServer? simulator;

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await base.DisposeAsync();
        if (simulator is not null) await simulator.DisposeAsync();
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unreachable_for_reports_exchanges_and_generations()
    {
        await using var lost = At("http://127.0.0.1:9");
        var report = await Assert.ThrowsAsync<GatewayException>(() => lost.ReportAsync(TestContext.Current.CancellationToken));
        var exchange = await Assert.ThrowsAsync<GatewayException>(() => lost.ExchangeAsync(Chat(Model, "hi"), TestContext.Current.CancellationToken));
        var typed = await Assert.ThrowsAsync<GatewayException>(async () => await lost.GenerateAsync(Model, Asking("hi"), default, TestContext.Current.CancellationToken).ToListAsync());
        Assert.All([report, exchange, typed], failure => Assert.Equal((ErrorCode.BackendUnreachable, lost.Name), (failure.Error.Code, failure.Error.Backend)));
        Assert.Contains("http://127.0.0.1:9: connection refused", exchange.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reply_that_takes_too_long_is_a_time_out_and_ends()
    {
        var exchange = Chat(Endless, "count to 100000", stream: true) with { Timeout = TimeSpan.FromSeconds(1) };
        var failure = await Assert.ThrowsAsync<GatewayException>(async () =>
        {
            await using var reply = await Backend.ExchangeAsync(exchange, TestContext.Current.CancellationToken);
            await TextAsync(reply);
        });
        Assert.Equal(ErrorCode.BackendTimeout, failure.Error.Code);
        await Eventually.TrueAsync(() => simulator!.State.Counters.OpenStreams == 0, "no stream is left open");
    }

    [Fact]
    public async Task A_refusal_is_handed_over_as_it_is_where_that_is_wanted()
    {
        await using var reply = await Backend.ExchangeAsync(Chat("no-such-model", "hi") with { Verbatim = true }, TestContext.Current.CancellationToken);
        Assert.True(reply.Status >= 400);
        Assert.Contains("no-such-model", await TextAsync(reply), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_streams_arrives_whole()
    {
        var held = Chat(Model, "count to 3");
        using var body = new MemoryStream([.. held.Body.First.ToArray()]);
        await using var reply = await Backend.ExchangeAsync(held with { Body = default, BodyStream = body }, TestContext.Current.CancellationToken);
        Assert.Contains("1, 2, 3", await TextAsync(reply), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("reasoning_content")]
    [InlineData("reasoning")]
    public async Task Reasoning_is_told_apart_from_text_under_either_name(string name)
    {
        await using var server = ScriptedEvents.Start("""
            data: {"model":"m","choices":[{"index":0,"delta":{"role":"assistant","NAME":"I think."}}]}

            data: {"model":"m","choices":[{"index":0,"delta":{"content":"Yes."},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}

            data: [DONE]


            """.Replace("NAME", name, StringComparison.Ordinal));
        await using var backend = At(server.Address);
        var events = await backend.GenerateAsync("m", Asking("hi"), default, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal([new ChatEvent.Started("m"), new ChatEvent.Reasoning("I think."), new ChatEvent.Text("Yes."), new ChatEvent.Finished("stop", new Usage(3, 2))], events);
    }

    internal override async Task<IBackend> StartAsync()
    {
        simulator = await SimulatorServer.StartAsync(new SimulatorOptions { LoadTime = TimeSpan.Zero, TokensPerSecond = 200 }, cancellationToken: TestContext.Current.CancellationToken);
        await simulator.State.Loading.GetOrLoadInstanceAsync(new LoadRequest { ModelKey = Model, Domain = ModelDomain.Llm }, TestContext.Current.CancellationToken);
        return At(simulator.Address.ToString().TrimEnd('/'));
    }

    protected override async Task AssertEndedAsync()
    {
        await Eventually.TrueAsync(() => simulator!.State.Counters.Cancels == 1, "the server sees the cancel");
        await Eventually.TrueAsync(() => simulator!.State.Counters.OpenStreams == 0, "no stream is left open");
    }

    /// <summary>The backend for a server at this address.</summary>
    internal abstract IBackend At(string address);

    internal static GatewayOptions OptionsFor(string address) => new() { LmStudio = new LmStudioOptions { BaseUrl = address, ConnectAttempts = 1 } };
}
