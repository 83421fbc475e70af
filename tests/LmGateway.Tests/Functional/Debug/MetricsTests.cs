using System.Net;
using LmGateway.Configuration;
using LmGateway.Observability.Metrics;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Debug;

/// <summary>Figures for Prometheus, and the split of a reply's time.</summary>
public sealed class MetricsTests
{
    private const string Labels = "{api=\"openai\",backend=\"lmstudio\",model=\"qwen2-1.5b-instruct\"";

    [Fact]
    [Trait("req", "S2-56")]
    public async Task Every_named_series_is_there_and_counts()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 5"));
        using (var stream = await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 5", "\"stream\":true"))) await stream.Content.ReadAsStringAsync();
        await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody("no-such-model", "hello"));

        var text = await ReadAsync(gateway);
        Assert.Equal(2, text[$"lmgateway_requests_total{Labels},outcome=\"done\"}}"]);
        Assert.Equal(3, text.Sum("lmgateway_requests_total"));
        Assert.Equal(1, text["lmgateway_request_errors_total{api=\"openai\",code=\"model_not_found\"}"]);
        Assert.Equal(2, text[$"lmgateway_request_duration_seconds_count{Labels}}}"]);
        Assert.Equal(1, text[$"lmgateway_time_to_first_token_seconds_count{Labels}}}"]);
        Assert.Equal(1, text[$"lmgateway_time_per_output_token_seconds_count{Labels}}}"]);
        Assert.Equal(2, text[$"lmgateway_output_tokens_per_second_count{Labels}}}"]);
        Assert.Equal(2, text[$"lmgateway_queue_wait_seconds_count{Labels}}}"]);
        Assert.Equal(2, text[$"lmgateway_overhead_seconds_count{Labels}}}"]);
        Assert.True(text[$"lmgateway_tokens_total{Labels},kind=\"input\"}}"] > 0);
        Assert.True(text[$"lmgateway_tokens_total{Labels},kind=\"output\"}}"] > 0);
        Assert.Equal(1, text["lmgateway_model_load_duration_seconds_count{backend=\"lmstudio\",model=\"qwen2-1.5b-instruct\"}"]);
        Assert.Equal(1, text["lmgateway_loaded_models{backend=\"lmstudio\"}"]);
        Assert.Equal(1, text["lmgateway_backend_up{backend=\"lmstudio\"}"]);
        Assert.Equal(0, text["lmgateway_active_requests"]);
        Assert.Equal(0, text["lmgateway_events_dropped_total"]);
        Assert.True(text["process_resident_memory_bytes"] > 1_000_000);
        Assert.Contains("lmgateway_queue_length", text.Families);
    }

    [Fact]
    public async Task Requests_that_wait_and_run_are_gauges()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulate: options => options with { ParallelSessions = 1, TokensPerSecond = 20 });
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct"}""");
        using var running = await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 1000", "\"stream\":true"));
        using var leaving = new CancellationTokenSource();
        var waiting = gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello"), leaving.Token);
        await Eventually.TrueAsync(() => gateway.Waiting() == 1, "a request waits");
        var text = await ReadAsync(gateway);
        Assert.Equal(1, text["lmgateway_queue_length{backend=\"lmstudio\",model=\"qwen2-1.5b-instruct\"}"]);
        Assert.Equal(1, text["lmgateway_running_requests{backend=\"lmstudio\",instance=\"qwen2-1.5b-instruct\"}"]);
        Assert.Equal(2, text["lmgateway_active_requests"]);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Eventually.TrueAsync(async () => (await ReadAsync(gateway)).Has($"lmgateway_requests_total{Labels},outcome=\"cancelled\"}}"), "the request that left is counted");
    }

    [Fact]
    public async Task Names_that_mean_nothing_make_no_series_of_their_own()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        for (var i = 0; i < 20; i++) await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody($"made-up-{i}", "hello"));
        var text = await ReadAsync(gateway);
        Assert.Equal(20, text["lmgateway_requests_total{api=\"openai\",backend=\"\",model=\"\",outcome=\"failed\"}"]);
    }

    [Fact]
    public void Labels_are_escaped()
    {
        var text = new PrometheusText();
        text.Family("a_total", "counter", "A.");
        text.Sample("a_total", 1, ("model", "quote\" slash\\ line\nend"));
        var read = new ExpositionText(text.ToString());
        Assert.Equal(1, read["a_total{model=\"quote\\\" slash\\\\ line\\nend\"}"]);
    }

    [Fact]
    public void Values_on_a_bound_belong_below_it()
    {
        var histogram = new Histogram([1, 2]);
        foreach (var value in new[] { 0.5, 1, 1.5, 2, 3 }) histogram.Note(value);
        Assert.Equal([2, 4, 5], histogram.Cumulative());
        Assert.Equal(8, histogram.Sum);
    }

    [Fact]
    public async Task Values_counted_by_many_at_once_are_all_there()
    {
        var histogram = new Histogram(Histogram.Seconds);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 10_000; i++) histogram.Note(0.5);
        })));
        Assert.Equal((80_000, 40_000), (histogram.Cumulative()[^1], histogram.Sum));
    }

    [Fact]
    public async Task The_figures_can_be_switched_off_and_need_the_key()
    {
        await using var without = await GatewayUnderTest.StartAsync(configure: options => options with { Metrics = new MetricsOptions { Prometheus = false } });
        Assert.Equal(HttpStatusCode.NotFound, (await without.Http.GetAsync("/metrics")).StatusCode);
        await using var locked = await GatewayUnderTest.StartAsync(configure: options => options with { Security = options.Security with { ApiKey = "change-me-please" } });
        Assert.Equal(HttpStatusCode.Unauthorized, (await locked.Http.GetAsync("/metrics")).StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"stream\":true")]
    public async Task A_reply_tells_where_its_time_went(string more)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var reply = await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello", more));
        var parts = reply.Headers.GetValues("Server-Timing").Single().Split(", ").Select(part => part.Split(";dur=")).ToDictionary(part => part[0], part => double.Parse(part[1], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(["total", "queue", "load", "upstream", "gateway"], parts.Keys);
        Assert.True(parts["load"] > 0);
        Assert.Equal(parts["total"], parts["queue"] + parts["load"] + parts["upstream"] + parts["gateway"], 1.0);
        await using var silent = await GatewayUnderTest.StartAsync(configure: options => options with { Metrics = new MetricsOptions { ServerTiming = false } });
        using var other = await silent.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello", more));
        Assert.False(other.Headers.Contains("Server-Timing"));
    }

    private static async Task<ExpositionText> ReadAsync(GatewayUnderTest gateway)
    {
        using var reply = await gateway.Http.GetAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", reply.Content.Headers.ContentType!.ToString());
        return new ExpositionText(await reply.Content.ReadAsStringAsync());
    }
}
