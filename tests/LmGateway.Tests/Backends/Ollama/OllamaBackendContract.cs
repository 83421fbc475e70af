using LmGateway.Backends;
using LmGateway.Backends.Ollama;
using LmGateway.Configuration;
using LmGateway.Tests.Functional;
using LmGateway.Vocabulary;
using Ollama.StandIn;
using Xunit;

namespace LmGateway.Tests.Backends.Ollama;

/// <summary>Ollama, with replies that end anywhere inside lines and characters.</summary>
public sealed class OllamaBackendContract : BackendContract
{
    private OllamaServer? server;

    protected override string Model => "qwen2:1.5b";

    /// <summary>Ollama's copies are called as their models.</summary>
    protected override string Second => Model;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (server is not null) await server.DisposeAsync();
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unreachable_for_reports_exchanges_and_generations()
    {
        await using var lost = At("http://127.0.0.1:9");
        var report = await Assert.ThrowsAsync<GatewayException>(() => lost.ReportAsync(TestContext.Current.CancellationToken));
        var exchange = await Assert.ThrowsAsync<GatewayException>(() => lost.ExchangeAsync(Chat(Model, "hi"), TestContext.Current.CancellationToken));
        var typed = await Assert.ThrowsAsync<GatewayException>(async () => await lost.GenerateAsync(Model, Asking("hi"), default, TestContext.Current.CancellationToken).ToListAsync());
        Assert.All([report, exchange, typed], failure => Assert.Equal((ErrorCode.BackendUnreachable, "ollama"), (failure.Error.Code, failure.Error.Backend)));
        Assert.Contains("Ollama cannot be reached at http://127.0.0.1:9: connection refused", exchange.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_generation_that_takes_too_long_is_a_time_out_and_ends()
    {
        var failure = await Assert.ThrowsAsync<GatewayException>(async () =>
            await Backend.GenerateAsync(Model, Asking("count to 100000"), new GenerationLimits(TimeSpan.FromSeconds(1), null), TestContext.Current.CancellationToken).ToListAsync());
        Assert.Equal(ErrorCode.BackendTimeout, failure.Error.Code);
        await Eventually.TrueAsync(() => server!.State.OpenStreams == 0, "no stream is left open");
    }

    internal override async Task<IBackend> StartAsync()
    {
        server = await OllamaServer.StartAsync(new StandInOptions { Models = [Model], PieceBytes = 7, Pace = TimeSpan.FromMilliseconds(2) });
        await server.State.EnsureLoadedAsync(server.State.Find(Model)!, null, null, TestContext.Current.CancellationToken);
        return At(server.Address);
    }

    protected override async Task AssertEndedAsync()
    {
        await Eventually.TrueAsync(() => server!.State.Cancels == 1, "the server sees the cancel");
        await Eventually.TrueAsync(() => server!.State.OpenStreams == 0, "no stream is left open");
    }

    internal static OllamaBackend At(string address, string? program = null) =>
        new(new GatewayOptions { Ollama = new OllamaOptions { BaseUrl = address, Program = program } }, TimeProvider.System);
}
