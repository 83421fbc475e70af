using System.Runtime.InteropServices;
using LmGateway.Tests.Functional.Limits;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>While the service stops it still answers: no to what is new, and to their ends those that run.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task A_new_connection_gets_503_while_a_stream_runs_to_its_end()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { TokensPerSecond = 50 });
        using var response = await gateway.PostAsync(InferenceApi.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 100", "\"stream\":true"));
        var stopping = gateway.StopAsync();
        await Eventually.TrueAsync(() => gateway.Scheduling().Draining, "it drains");

        foreach (var path in new[] { InferenceApi.Chat, "/v1/models", "/admin/models" })
        {
            using var caller = await RawConnection.OpenAsync(gateway.Address);
            await caller.SendAsync(path == InferenceApi.Chat
                ? RawConnection.Post(gateway.Address, path, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "Hi"))
                : $"GET {path} HTTP/1.1\r\nHost: {gateway.Address.Authority}\r\n\r\n");
            var reply = await caller.ReadToEndAsync();       // ends because the connection is closed
            Assert.StartsWith("HTTP/1.1 503 ", reply, StringComparison.Ordinal);
            Assert.Contains("Connection: close\r\n", reply, StringComparison.Ordinal);
            Assert.Contains("Retry-After: 5\r\n", reply, StringComparison.Ordinal);
        }

        using var probe = await RawConnection.OpenAsync(gateway.Address);
        await probe.SendAsync($"GET /health/ready HTTP/1.1\r\nHost: {gateway.Address.Authority}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 503 ", await probe.ReadToEndAsync(), StringComparison.Ordinal);

        var stream = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.EndsWith("data: [DONE]\n\n", stream, StringComparison.Ordinal);
        await stopping;
    }

    [Fact]
    public async Task A_REST_stream_that_takes_too_long_ends_with_an_error_line()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { TokensPerSecond = 50 }, options => options with { Timeouts = options.Timeouts with { ShutdownMs = 300 } });
        using var response = await gateway.PostAsync("/chat/stream", """{"model_key":"qwen2-1.5b-instruct","messages":[{"role":"user","content":"count to 50000"}]}""");
        var stopping = gateway.StopAsync();
        var lines = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Trim().Split('\n');
        Assert.Contains("\"type\":\"error\"", lines[^1], StringComparison.Ordinal);
        Assert.Contains("The service was stopped before the answer was complete.", lines[^1], StringComparison.Ordinal);
        await stopping;
    }

    [Fact]
    public async Task A_second_signal_ends_the_program_at_once()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("There are no such signals.");
        var folder = Directory.CreateTempSubdirectory("lmgateway-test-");
        try
        {
            await using var program = await GatewayProcess.StartAsync(folder.FullName, "--demo", "--port", "0", "--set", "timeouts.shutdown=3600000");
            using var response = await program.Http.SendAsync(GatewayUnderTest.Request(InferenceApi.Chat, InferenceApi.At(InferenceApi.Chat).Request(prompt: "count to 999999", stream: true)), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            program.Signal(PosixSignal.SIGTERM);
            await Eventually.TrueAsync(async () => await StatusAsync(program) is 503, "it drains");
            Assert.Equal(143, await program.EndAsync(PosixSignal.SIGTERM));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public Task Three_stops_under_50_streams_lose_nothing() => StopUnderStreamsAsync(rounds: 3, streams: 50);

    [Fact]
    [Trait("run", "long")]
    public Task Twenty_stops_under_200_streams_lose_nothing() => StopUnderStreamsAsync(rounds: 20, streams: 200);

    private static async Task StopUnderStreamsAsync(int rounds, int streams)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("There are no such signals.");
        for (var round = 0; round < rounds; round++)
        {
            var folder = Directory.CreateTempSubdirectory("lmgateway-test-");
            try
            {
                // In every second round the time is too short for the streams to end by themselves.
                var hasty = round % 2 == 1;
                await using var program = await GatewayProcess.StartAsync(folder.FullName, "--demo", "--port", "0", "--set", $"timeouts.shutdown={(hasty ? 500 : 60000)}", "--set", "scheduling.on_demand.load_config.parallel=1023", "--set", "log.level=error");
                await StopOnceAsync(program, streams, hasty);
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }
    }

    private static async Task StopOnceAsync(GatewayProcess program, int streams, bool hasty)
    {
        var request = InferenceApi.At(InferenceApi.Chat).Request(prompt: hasty ? "count to 100000" : "count to 60", stream: true);
        using var started = new CountdownEvent(streams);
        var running = Enumerable.Range(0, streams).Select(_ => Task.Run(async () =>
        {
            using var response = await program.Http.SendAsync(GatewayUnderTest.Request(InferenceApi.Chat, request), HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(200, (int)response.StatusCode);
            started.Signal();
            return await response.Content.ReadAsStringAsync();
        })).ToList();
        await Eventually.TrueAsync(() => started.IsSet || running.Exists(stream => stream.IsFaulted), "every stream has begun");

        program.Signal(PosixSignal.SIGTERM);
        await Eventually.TrueAsync(async () => await StatusAsync(program) is 503 or null, "it stops");
        while (!Task.WhenAll(running).IsCompleted) Assert.True(await StatusAsync(program) is 503 or null, "nothing new is taken on");
        foreach (var stream in await Task.WhenAll(running))
            Assert.True(stream.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal) || hasty && stream.Contains("The service was stopped before the answer was complete.", StringComparison.Ordinal), stream.Length > 500 ? stream[^500..] : stream);
        Assert.Equal(0, await program.ExitAsync());
    }

    /// <summary>The status of a new request on a new connection; null where there is none to be had.</summary>
    private static async Task<int?> StatusAsync(GatewayProcess program)
    {
        try
        {
            using var caller = await RawConnection.OpenAsync(program.Http.BaseAddress!);
            await caller.SendAsync($"GET /v1/models HTTP/1.1\r\nHost: {program.Http.BaseAddress!.Authority}\r\nConnection: close\r\n\r\n");
            var reply = await caller.ReadToEndAsync();
            return reply.Length > 12 ? int.Parse(reply.AsSpan(9, 3), provider: null) : null;
        }
        catch (Exception fault) when (fault is IOException or System.Net.Sockets.SocketException)
        {
            return null;
        }
    }
}
