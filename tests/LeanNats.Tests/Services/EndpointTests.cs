using LeanNats.Services;
using LeanNats.Tests.Connection;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Services;

/// <summary>How requests to a service are handled, and how it ends.</summary>
public sealed class EndpointTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncDisposable
{
    private readonly NatsConnection nats = shared.Server.Connect();
    private readonly NatsConnection host = shared.Server.Connect();
    private readonly string name = Nuid.Next();

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await nats.DisposeAsync();
    }

    [Fact]
    public async Task A_handlers_error_comes_with_its_code_words_and_data()
    {
        await using var service = await StartAsync((request, token) => request.ReplyErrorAsync(
            400, "bad\nrequest", "why".Bytes(), new NatsHeaders { ["More"] = "facts" }, token));
        var reply = await nats.RequestAsync(name);
        Assert.Equal("400", reply.Headers!["Nats-Service-Error-Code"]);
        Assert.Equal("bad request", reply.Headers["Nats-Service-Error"]);
        Assert.Equal("facts", reply.Headers["More"]);
        var error = Assert.Throws<NatsSvcException>(() => NatsSvcException.ThrowIfError(reply));
        Assert.Equal((400, "bad request", "why"), (error.Code, error.Message, System.Text.Encoding.UTF8.GetString(error.ErrorData.Span)));
        Assert.Equal("400:bad request", service.GetStats().Endpoints[0].LastError);
    }

    [Fact]
    public async Task A_thrown_error_keeps_its_code_and_any_other_exception_is_500()
    {
        await using var service = await StartAsync((request, _) =>
            throw (request.Data.IsEmpty ? new InvalidOperationException("broken") : new NatsSvcException(404, "not here", request.Data)));
        var known = await AskAsync("x");
        Assert.Equal((404, "not here", 1), (known.Code, known.Message, known.ErrorData.Length));
        var unknown = await AskAsync("");
        Assert.Equal((500, "broken"), (unknown.Code, unknown.Message));

        async Task<NatsSvcException> AskAsync(string text)
        {
            var reply = await nats.RequestAsync(name, text.Bytes());
            return Assert.Throws<NatsSvcException>(() => NatsSvcException.ThrowIfError(reply));
        }
    }

    [Fact]
    public async Task A_request_without_a_reply_subject_is_handled_and_its_failure_counted()
    {
        await using var service = await StartAsync((request, token) => request.ReplyAsync(cancellationToken: token));
        await nats.PublishAsync(name, "x".Bytes());
        await Wait.UntilAsync(() => service.GetStats().Endpoints[0].NumRequests == 1, "the request is counted");
        Assert.Equal(1, service.GetStats().Endpoints[0].NumErrors);
    }

    [Fact]
    public async Task An_answer_that_is_too_large_becomes_an_error_answer()
    {
        await using var service = await StartAsync((request, token) => request.ReplyAsync(new byte[2_000_000], cancellationToken: token));
        var reply = await nats.RequestAsync(name);
        Assert.Equal(500, Assert.Throws<NatsSvcException>(() => NatsSvcException.ThrowIfError(reply)).Code);
    }

    [Fact]
    public async Task Instances_share_their_requests_and_without_a_queue_group_each_gets_all()
    {
        await using var second = shared.Server.Connect();
        var counts = new int[4];
        await using var one = await StartAsync(host, 0);
        await using var two = await StartAsync(second, 1);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => nats.RequestAsync(name).AsTask()));
        Assert.Equal(100, counts[0] + counts[1]);
        Assert.All(counts[..2], count => Assert.NotEqual(0, count));

        await nats.PublishAsync($"{name}.all");
        await Wait.UntilAsync(() => counts[2] == 1 && counts[3] == 1, "both instances get what has no queue group");

        async Task<NatsSvcServer> StartAsync(NatsConnection connection, int index)
        {
            var service = await new NatsSvcContext(connection).AddServiceAsync(name, "1.0.0", "workers");
            await service.AddEndpointAsync((request, token) => Count(request, index, token), "shared", name);
            await service.AddEndpointAsync((request, token) => Count(request, index + 2, token), "all", $"{name}.all", new NatsSvcEndpointOpts { QueueGroup = "" });
            await connection.FlushAsync();
            return service;
        }

        ValueTask Count(NatsSvcMsg request, int index, CancellationToken token)
        {
            Interlocked.Increment(ref counts[index]);
            return request.ReplyTo is null ? default : request.ReplyAsync(cancellationToken: token);
        }
    }

    [Fact]
    public async Task As_many_requests_as_allowed_are_handled_at_once()
    {
        var (running, release) = (0, new TaskCompletionSource());
        await using var service = await StartAsync(
            async (request, token) =>
            {
                Interlocked.Increment(ref running);
                await release.Task;
                await request.ReplyAsync(cancellationToken: token);
                Interlocked.Decrement(ref running);
            },
            maxConcurrency: 3);
        var calls = Enumerable.Range(0, 10).Select(_ => nats.RequestAsync(name).AsTask()).ToArray();
        await Wait.UntilAsync(() => Volatile.Read(ref running) == 3, "three requests are handled");
        await nats.FlushAsync();
        await host.FlushAsync();
        Assert.Equal(3, Volatile.Read(ref running));
        release.SetResult();
        await Wait.ForAsync(Task.WhenAll(calls));
    }

    [Fact]
    public async Task Stopping_answers_what_has_come_and_then_nobody_is_found()
    {
        var (begun, finish) = (new TaskCompletionSource(), new TaskCompletionSource());
        var service = await StartAsync(async (request, token) =>
        {
            begun.TrySetResult();
            await finish.Task;
            await request.ReplyAsync("done".Bytes(), cancellationToken: token);
        });
        var calls = Enumerable.Range(0, 5).Select(_ => nats.RequestAsync(name).AsTask()).ToArray();
        await Wait.ForAsync(begun.Task);
        await nats.FlushAsync();
        var stop = service.StopAsync().AsTask();
        await host.FlushAsync(); // behind the UNSUB
        await Assert.ThrowsAsync<NatsNoRespondersException>(async () => await nats.RequestAsync(name));
        Assert.Contains(service.Id, (await nats.RequestAsync($"$SRV.PING.{name}")).Text(), StringComparison.Ordinal);
        Assert.False(stop.IsCompleted);
        finish.SetResult();
        await Wait.ForAsync(stop);
        foreach (var reply in await Wait.ForAsync(Task.WhenAll(calls))) Assert.Equal("done", reply.Text());
        await Assert.ThrowsAsync<NatsNoRespondersException>(async () => await nats.RequestAsync($"$SRV.PING.{name}"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await service.AddEndpointAsync((_, _) => default, "late"));
    }

    [Fact]
    public async Task Draining_the_connection_lets_handlers_answer()
    {
        var (begun, finish) = (0, new TaskCompletionSource());
        await using var service = await StartAsync(
            async (request, token) =>
            {
                Interlocked.Increment(ref begun);
                await finish.Task;
                await request.ReplyAsync("done".Bytes(), cancellationToken: token);
            },
            maxConcurrency: 2);
        var calls = Enumerable.Range(0, 3).Select(_ => nats.RequestAsync(name).AsTask()).ToArray();
        await Wait.UntilAsync(() => Volatile.Read(ref begun) == 2, "two requests are handled");
        await nats.FlushAsync();
        var drain = host.DrainAsync().AsTask();
        await Wait.UntilAsync(() => host.SubscribeCoreAsync("x").AsTask().IsFaulted, "the connection drains");
        Assert.False(drain.IsCompleted);
        finish.SetResult();
        await Wait.ForAsync(drain);
        foreach (var reply in await Wait.ForAsync(Task.WhenAll(calls))) Assert.Equal("done", reply.Text());
    }

    [Fact]
    public async Task Disposing_cancels_handlers_and_tells_their_callers()
    {
        var begun = new TaskCompletionSource();
        var service = await StartAsync(async (_, token) =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
        });
        var call = nats.RequestAsync(name).AsTask();
        await Wait.ForAsync(begun.Task);
        await service.DisposeAsync();
        var reply = await Wait.ForAsync(call);
        Assert.Equal(503, Assert.Throws<NatsSvcException>(() => NatsSvcException.ThrowIfError(reply)).Code);
    }

    [Fact]
    public async Task Stopping_gives_a_stuck_handler_up_in_bounded_time()
    {
        var time = new ManualTime();
        await using var connection = shared.Server.Connect(opts => opts with
        {
            TimeProvider = time, DrainTimeout = TimeSpan.FromSeconds(30), CommandTimeout = TimeSpan.FromHours(1), PingInterval = TimeSpan.FromHours(1),
        });
        var (begun, never) = (new TaskCompletionSource(), new TaskCompletionSource());
        var service = await new NatsSvcContext(connection).AddServiceAsync(name, "1.0.0");
        await service.AddEndpointAsync(
            async (_, _) =>
            {
                begun.TrySetResult();
                await never.Task;
            },
            name);
        await connection.FlushAsync();
        await nats.PublishAsync(name);
        await Wait.ForAsync(begun.Task);
        var stop = service.StopAsync().AsTask();
        while (!stop.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }

        await Assert.ThrowsAsync<NatsTimeoutException>(() => stop);
        never.SetResult();
    }

    private async Task<NatsSvcServer> StartAsync(Func<NatsSvcMsg, CancellationToken, ValueTask> handler, int maxConcurrency = 1)
    {
        var service = await new NatsSvcContext(host).AddServiceAsync(name, "1.0.0");
        await service.AddEndpointAsync(handler, name, opts: new NatsSvcEndpointOpts { MaxConcurrency = maxConcurrency });
        await host.FlushAsync();
        return service;
    }
}
