using LmGateway.Configuration;
using LmGateway.Tests.Serving.Dialects;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>Requests and answers are held in pooled memory; whichever way a request ends, all of it goes back.</summary>
public sealed class PooledBuffersTests
{
    private static readonly string Long = new('x', 200_000);

    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Completions)]
    [InlineData(InferenceApi.Responses)]
    [InlineData(InferenceApi.Messages)]
    [InlineData(InferenceApi.ChatV0)]
    public async Task Answers_whole_and_streamed_give_all_buffers_back(string path)
    {
        await using var rig = await Rig.StartAsync();
        foreach (var request in new[] { InferenceApi.At(path).Request(), InferenceApi.At(path).Request(stream: true) })
        {
            using var reply = await rig.Gateway.PostAsync(path, request);
            Assert.Equal(200, (int)reply.StatusCode);
            await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }

        await rig.NothingIsRentedAsync();
    }

    [Fact]
    public async Task A_prompt_that_outgrows_its_first_buffer_gives_all_buffers_back()
    {
        await using var backend = ScriptedBackend.Answering(200, "application/json", """{"id":"c1","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]}""");
        var pool = new CountingPool();
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address, pool: pool);
        foreach (var chunked in new[] { false, true })
        {
            using var request = GatewayUnderTest.Request(InferenceApi.Chat, GatewayUnderTest.ChatBody(ScriptedBackend.Model, Long));
            request.Headers.TransferEncodingChunked = chunked;
            using var reply = await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
        }

        await Eventually.TrueAsync(() => pool.Rented == 0, "every buffer was given back");
        Assert.NotEqual(0, pool.Rents);
    }

    [Theory]
    [InlineData(400, """{"model":""")]
    [InlineData(400, """{"model":"qwen2-1.5b-instruct","messages":"no"}""")]
    [InlineData(404, """{"model":"there-is-no-such-model","messages":[{"role":"user","content":"hello"}]}""")]
    public async Task A_refused_request_gives_all_buffers_back(int expected, string body)
    {
        await using var rig = await Rig.StartAsync();
        Assert.Equal(expected, (await rig.Gateway.PostJsonAsync(InferenceApi.Chat, body)).Status);
        await rig.NothingIsRentedAsync();
    }

    [Fact]
    public async Task A_body_that_is_too_large_gives_all_buffers_back()
    {
        await using var rig = await Rig.StartAsync(options => options with { Limits = options.Limits with { BodyBytes = 100_000 } });
        using var chunked = new HttpRequestMessage(HttpMethod.Post, InferenceApi.Chat)
        {
            Content = new StringContent(GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, Long), System.Text.Encoding.UTF8, "application/json"),
            Headers = { TransferEncodingChunked = true },
        };
        using var reply = await rig.Gateway.Http.SendAsync(chunked, TestContext.Current.CancellationToken);
        Assert.Equal(413, (int)reply.StatusCode);
        await rig.NothingIsRentedAsync();
    }

    [Fact]
    public async Task A_caller_that_leaves_in_the_middle_of_a_stream_gives_all_buffers_back()
    {
        await using var rig = await Rig.StartAsync(simulate: studio => studio with { TokensPerSecond = 50 });
        for (var caller = 0; caller < 8; caller++)
        {
            using var reply = await rig.Gateway.PostAsync(InferenceApi.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 100000", "\"stream\":true"));
            await using var stream = await reply.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            Assert.NotEqual(0, await stream.ReadAsync(new byte[16], TestContext.Current.CancellationToken));
        }

        await rig.NothingIsRentedAsync();
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"id\":")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"id")]
    [InlineData("HTTP/1.1 500 Broken\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("this is not HTTP")]
    public async Task A_backend_that_breaks_gives_all_buffers_back(string said)
    {
        await using var backend = ScriptedBackend.Answering(said);
        var pool = new CountingPool();
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address, pool: pool);
        foreach (var more in new[] { "", "\"stream\":true" })
        {
            using var reply = await gateway.PostAsync(InferenceApi.Chat, GatewayUnderTest.ChatBody(ScriptedBackend.Model, "hello", more));
            try
            {
                await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            }
            catch (HttpRequestException)
            {
                // A stream that breaks off.
            }
        }

        await Eventually.TrueAsync(() => pool.Rented == 0, "every buffer was given back");
    }

    /// <summary>The service with a pool that counts, in front of a simulated LM Studio.</summary>
    private sealed class Rig : IAsyncDisposable
    {
        private readonly CountingPool pool = new();

        public required SimulatorServer Studio { get; init; }

        public GatewayUnderTest Gateway { get; private set; } = null!;

        public static async Task<Rig> StartAsync(Func<GatewayOptions, GatewayOptions>? configure = null, Func<SimulatorOptions, SimulatorOptions>? simulate = null)
        {
            var options = new SimulatorOptions { LoadTime = TimeSpan.FromMilliseconds(1), TokensPerSecond = 0 };
            var rig = new Rig { Studio = await SimulatorServer.StartAsync(simulate?.Invoke(options) ?? options) };
            rig.Gateway = await GatewayUnderTest.StartAgainstAsync(rig.Studio.Address.ToString(), configure, rig.pool);
            return rig;
        }

        public async Task NothingIsRentedAsync()
        {
            await Eventually.TrueAsync(() => pool.Rented == 0, "every buffer was given back");
            Assert.NotEqual(0, pool.Rents);
        }

        public async ValueTask DisposeAsync()
        {
            await Gateway.DisposeAsync();
            await Studio.DisposeAsync();
        }
    }
}
