using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>How the service stops: what runs may end, what waits is refused, what takes too long is cut off and told so.</summary>
public sealed class LifecycleTests
{
    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Messages)]
    public async Task A_stream_that_runs_when_the_service_stops_comes_to_its_end(string path)
    {
        var api = InferenceApi.At(path);
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { TokensPerSecond = 50 });
        using var response = await gateway.PostAsync(path, api.Request(prompt: "count to 20", stream: true));
        var stopping = gateway.StopAsync();
        Assert.Single(ServerEvent.Parse(await response.Content.ReadAsStringAsync()), api.IsEnd);
        await stopping;
        Assert.Equal((1, 0), (gateway.Counters().PredictionsCompleted, gateway.Counters().Cancels));
    }

    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Completions)]
    [InlineData(InferenceApi.Responses)]
    [InlineData(InferenceApi.Messages)]
    [InlineData(InferenceApi.ChatV0)]
    [InlineData(InferenceApi.ChatV1)]
    public async Task A_stream_that_takes_too_long_is_cut_off_with_an_error_event(string path)
    {
        var api = InferenceApi.At(path);
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { TokensPerSecond = 50 }, Hasty);
        using var response = await gateway.PostAsync(path, api.Request(prompt: "count to 50000", stream: true));
        var stopping = gateway.StopAsync();
        var message = api.AssertBrokenOff(Failure.Draining, await response.Content.ReadAsStringAsync());
        Assert.StartsWith("The service was stopped before the answer was complete.", message);
        await stopping;
        await Eventually.TrueAsync(() => gateway.Counters() is { Cancels: 1, OpenStreams: 0 }, "the backend is told to stop");
    }

    [Fact]
    public async Task An_answer_that_is_not_streamed_and_takes_too_long_is_503()
    {
        var api = InferenceApi.At(InferenceApi.Chat);
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { TimeToFirstToken = TimeSpan.FromHours(1) }, Hasty);
        var asked = gateway.PostAsync(api.Path, api.Request());
        await Eventually.TrueAsync(() => gateway.Counters().Predictions == 1, "it runs");
        await gateway.StopAsync();
        using var response = await asked;
        Assert.NotNull(response.Headers.RetryAfter?.Delta);
        api.AssertError(Failure.Draining, (int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task What_waits_is_refused_at_once_and_its_load_ends()
    {
        var api = InferenceApi.At(InferenceApi.Chat);
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { LoadTime = TimeSpan.FromHours(1) });
        var asked = new[] { false, true }.Select(stream => gateway.PostJsonAsync(api.Path, api.Request(stream: stream))).ToList();
        var byHand = gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"granite-3.0-2b-instruct"}""");
        await Eventually.TrueAsync(() => gateway.Waiting() == 2 && gateway.Counters().LoadsStarted == 2, "two wait for one load, and one for another");
        await gateway.StopAsync();
        foreach (var reply in asked) api.AssertError(Failure.Draining, (await reply).Status, (await reply).Body);
        Assert.Equal(503, (await byHand).Status);
        await Eventually.TrueAsync(() => gateway.Counters().LoadsCancelled == 2, "the loads are cancelled");
    }

    [Fact]
    public async Task A_request_that_arrives_while_the_service_stops_is_503_and_says_when_to_come_back()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var caller = new TcpClient();
        await caller.ConnectAsync(System.Net.IPAddress.Loopback, gateway.Address.Port);
        var body = InferenceApi.At(InferenceApi.Chat).Request();
        var head = $"POST {InferenceApi.Chat} HTTP/1.1\r\nHost: {gateway.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head + body[..10]));
        var budget = gateway.Services.GetRequiredService<BodyBudget>();
        await Eventually.TrueAsync(() => budget.Held > 0, "the request has begun");
        var stopping = gateway.StopAsync();
        await Eventually.TrueAsync(() => gateway.Scheduling().Draining, "the service drains");
        await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes(body[10..]));
        using var reader = new StreamReader(caller.GetStream());
        var reply = await reader.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 503 ", reply);
        Assert.Contains("Retry-After: 5", reply);
        Assert.Contains("\"code\":\"draining\"", reply);
        await stopping;
    }

    [Theory]
    [InlineData(PosixSignal.SIGTERM)]
    [InlineData(PosixSignal.SIGINT)]
    public async Task The_program_ends_with_0_when_it_is_told_to(PosixSignal signal)
    {
        var folder = Directory.CreateTempSubdirectory("lmgateway-test-");
        try
        {
            await using var program = await GatewayProcess.StartAsync(folder.FullName, "--demo", "--port", "0");
            using var response = await program.Http.SendAsync(GatewayUnderTest.Request(InferenceApi.Chat, InferenceApi.At(InferenceApi.Chat).Request()));
            Assert.Equal(200, (int)response.StatusCode);
            Assert.Equal(0, await program.EndAsync(signal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_program_lets_a_running_stream_end_before_it_does()
    {
        var folder = Directory.CreateTempSubdirectory("lmgateway-test-");
        try
        {
            await using var program = await GatewayProcess.StartAsync(folder.FullName, "--demo", "--port", "0");
            using var response = await program.Http.SendAsync(
                GatewayUnderTest.Request(InferenceApi.Chat, InferenceApi.At(InferenceApi.Chat).Request(prompt: "count to 40", stream: true)), HttpCompletionOption.ResponseHeadersRead);
            program.Signal(PosixSignal.SIGTERM);
            Assert.EndsWith("data: [DONE]\n\n", await response.Content.ReadAsStringAsync());
            Assert.Equal(0, await program.ExitAsync());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static GatewayOptions Hasty(GatewayOptions options) => options with { Timeouts = new TimeoutOptions { ShutdownMs = 300 } };
}
