using LmGateway.Observability.Metrics;
using LmGateway.Tests.Functional.Keys;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Debug;

/// <summary><c>/metrics</c> is what Prometheus' own checker takes, with everything that can be in it, and has an end.</summary>
public sealed class ExpositionTests
{
    [Fact]
    public async Task Everything_that_can_be_in_it_is_valid()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulate: options => options with { ParallelSessions = 1, TokensPerSecond = 50 }, configure: options => KeyedGateway.With(options, "app requests_per_minute=1"));
        gateway.Http.DefaultRequestHeaders.Add("X-API-Key", KeyedGateway.Main);
        foreach (var name in new[] { "primary", "a \\\"quoted\\\" name \\\\ too" })
        {
            var (status, loaded) = await gateway.PostJsonAsync("/admin/models/load", $$"""{"modelKey":"{{GatewayUnderTest.Chat}}","instanceId":"{{name}}"}""");
            Assert.True(status == 200, loaded.GetRawText());
        }

        await gateway.PostJsonAsync("/admin/models/load", $$"""{"modelKey":"{{GatewayUnderTest.Other}}"}""");
        foreach (var (path, body) in new[]
        {
            ("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello")),
            ("/v1/embeddings", $$"""{"model":"{{GatewayUnderTest.Embedder}}","input":"hello"}"""),
            ("/api/v0/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Other, "hello")),
            ("/chat", $$"""{"messages":[{"role":"user","content":"hello"}],"model":"{{GatewayUnderTest.Chat}}"}"""),
            ("/v1/chat/completions", GatewayUnderTest.ChatBody("no-such-model", "hello")),
            ("/v1/chat/completions", "{"),
        })
            using (await gateway.PostAsync(path, body)) { }
        for (var i = 0; i < 3; i++)
            using (await gateway.SendAsync("app", HttpMethod.Post, "/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello"))) { }
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.LoadFailed });
        await gateway.PostJsonAsync("/admin/models/load", $$"""{"modelKey":"{{GatewayUnderTest.Vision}}"}""");

        // While it is read some run on an instance, some on another, and some wait for either.
        using var leaving = new CancellationTokenSource();
        var underWay = new[] { "primary", "primary", GatewayUnderTest.Other, GatewayUnderTest.Other, GatewayUnderTest.Chat, GatewayUnderTest.Chat, GatewayUnderTest.Chat }
            .Select(model => gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(model, "count to 1000", "\"stream\":true"), leaving.Token)).ToList();
        await Eventually.TrueAsync(() => gateway.Waiting() >= 3, "some wait");

        var text = new ExpositionText(await gateway.Http.GetStringAsync("/metrics"));
        await leaving.CancelAsync();
        foreach (var one in underWay) await Record.ExceptionAsync(() => one);
        foreach (var family in new[] { "lmgateway_request_errors_total", "lmgateway_model_load_failures_total", "lmgateway_queue_length", "lmgateway_running_requests", "lmgateway_event_subscribers" }) Assert.Contains(family, text.Families);
        Assert.True(text.Has("lmgateway_request_errors_total{api=\"openai\",code=\"rate_limited\"}"));
        Assert.Contains(text.Samples, sample => sample.StartsWith("lmgateway_running_requests", StringComparison.Ordinal) && sample.Contains("a \\\"quoted\\\" name \\\\ too", StringComparison.Ordinal));
    }

    [Fact]
    public void There_is_an_end_of_series_however_many_models_there_are()
    {
        var figures = new ServiceFigures();
        for (var i = 0; i < 10 * ServiceFigures.MostSeries; i++) figures.NoteLoad("lmstudio", $"model-{i}", TimeSpan.FromSeconds(1));
        Assert.InRange(figures.Loads.Count, ServiceFigures.MostSeries, ServiceFigures.MostSeries + 1);
        Assert.Contains(figures.Loads, load => load.Model == ServiceFigures.Other);
    }

    [Theory]
    [InlineData("# TYPE a_total counter\na_total 1\n")]
    [InlineData("# HELP a_total A.\na_total 1\n")]
    [InlineData("# HELP a A.\n# TYPE a counter\na 1\n")]
    [InlineData("# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n")]
    [InlineData("# HELP a A.\n# TYPE a gauge\na 1\na 1\n")]
    [InlineData("# HELP a A.\n# TYPE a gauge\na{b=\"1\",b=\"2\"} 1\n")]
    [InlineData("# HELP a A.\n# TYPE a gauge\na{b=\"a\"quote\"} 1\n")]
    [InlineData("# HELP a A.\n# TYPE a gauge\n# HELP b B.\n# TYPE b gauge\na 1\n")]
    [InlineData("# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n")]
    [InlineData("# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n")]
    [InlineData("# HELP a A.\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_count 1\n")]
    [InlineData("# HELP a A.\n# TYPE a gauge\na 1")]
    public void The_checker_itself_finds_what_is_wrong(string text) => Assert.ThrowsAny<Exception>(() => new ExpositionText(text));

    [Fact]
    public void The_checker_takes_what_is_right() =>
        Assert.Equal(3, new ExpositionText("# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 3\na_sum 4\na_count 3\n")["a_count"]);
}
