using LeanNats.Tests.Connection;
using LeanNats.Tests.Servers;
using Microsoft.Extensions.Primitives;

namespace LeanNats.Tests.Interop;

/// <summary>The official JavaScript client on the other end of the core protocol.</summary>
public sealed class CoreInteropTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncDisposable
{
    private readonly NatsConnection nats = shared.Server.Connect();
    private readonly string subject = Nuid.Next();

    public ValueTask DisposeAsync() => nats.DisposeAsync();

    [Fact]
    public async Task The_official_client_gives_our_headers_back_as_they_were()
    {
        await using var service = await NodeScript.StartReadyAsync("service", shared.Server, subject);
        var headers = new NatsHeaders { ["X-Many"] = new[] { "1", "2" }, ["x-many"] = "small", ["Empty"] = "" };
        var reply = await nats.RequestAsync($"{subject}.echo", "grüße".Bytes(), headers);
        Assert.Equal("grüße", reply.Text());
        Assert.Equal(new StringValues(["1", "2"]), reply.Headers!["X-Many"]);
        Assert.Equal("small", reply.Headers["x-many"]);
        Assert.Equal("", reply.Headers["Empty"]);
        Assert.Equal(3, reply.Headers.Count);
        await service.FinishAsync();
    }

    [Fact]
    public async Task The_official_client_gives_the_largest_message_back_whole()
    {
        await using var service = await NodeScript.StartReadyAsync("service", shared.Server, subject);
        await nats.ConnectAsync();
        var payload = new byte[nats.ServerInfo!.MaxPayload];
        new Random(1).NextBytes(payload);
        var reply = await nats.RequestAsync($"{subject}.echo", payload);
        Assert.True(payload.AsSpan().SequenceEqual(reply.Data.Span));
        await service.FinishAsync();
    }

    [Fact]
    public async Task Many_replies_of_the_official_client_come_in_order_and_end()
    {
        await using var service = await NodeScript.StartReadyAsync("service", shared.Server, subject);
        var replies = await nats.RequestManyAsync($"{subject}.many", "500".Bytes()).Select(reply => int.Parse(reply.Text())).ToListAsync();
        Assert.Equal(Enumerable.Range(0, 500), replies);
        await service.FinishAsync();
    }

    [Fact]
    public async Task When_the_official_client_has_drained_nobody_answers()
    {
        await using var service = await NodeScript.StartReadyAsync("service", shared.Server, subject);
        await nats.RequestAsync($"{subject}.echo", "x".Bytes());
        await service.FinishAsync();
        await Assert.ThrowsAsync<NatsNoRespondersException>(async () => await nats.RequestAsync($"{subject}.echo", "x".Bytes()));
    }

    [Theory]
    [InlineData("headers")]
    [InlineData("largest")]
    [InlineData("many")]
    [InlineData("nobody")]
    public async Task The_official_client_asks_and_gets_what_it_should(string what)
    {
        await ServeAsync($"{subject}.echo", request => request.ReplyAsync(request.Data, request.Headers));
        await ServeAsync($"{subject}.many", async request =>
        {
            for (var i = 0; i < int.Parse(request.Text()); i++) await request.ReplyAsync($"{i}".Bytes());
            await request.ReplyAsync();
        });
        await using var caller = NodeScript.Start("caller", shared.Server, subject, what);
        await caller.FinishAsync();
    }

    [Fact]
    public async Task A_queue_group_is_shared_with_the_official_client()
    {
        const int requests = 300;
        var ours = 0;
        await ServeAsync($"{subject}.work", request => request.ReplyAsync($"{++ours}".Bytes()), "workers");
        await using var theirs = await NodeScript.StartReadyAsync("service", shared.Server, subject);
        await Task.WhenAll(Enumerable.Range(0, requests).Select(_ => nats.RequestAsync($"{subject}.work").AsTask()));
        var handled = (int)(await theirs.FinishAsync())!["handled"]!;
        Assert.NotEqual(0, ours);
        Assert.NotEqual(0, handled);
        Assert.Equal(requests, ours + handled);
    }

    [Fact]
    public async Task No_request_of_the_official_client_fails_while_one_of_two_workers_drains()
    {
        await using var leaving = shared.Server.Connect();
        await ServeAsync($"{subject}.work", request => request.ReplyAsync(request.Data), "workers", leaving);
        await using var staying = await NodeScript.StartReadyAsync("service", shared.Server, subject);
        await using var caller = NodeScript.Start("caller", shared.Server, subject, "load");
        await caller.ExpectAsync("loaded");
        await leaving.DrainAsync();
        Assert.True((int)(await caller.FinishAsync())!["asked"]! >= 200);
        await staying.FinishAsync();
    }

    [Fact]
    public async Task No_request_of_ours_fails_while_the_official_client_drains()
    {
        await using var leaving = await NodeScript.StartReadyAsync("service", shared.Server, subject);
        await ServeAsync($"{subject}.work", request => request.ReplyAsync(request.Data), "workers");
        using var stop = new CancellationTokenSource();
        var asking = Enumerable.Range(0, 32).Select(i => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                Assert.Equal($"{i}", (await nats.RequestAsync($"{subject}.work", $"{i}".Bytes(), cancellationToken: CancellationToken.None)).Text());
        })).ToArray();
        await leaving.FinishAsync();
        await stop.CancelAsync();
        await Wait.ForAsync(Task.WhenAll(asking));
    }

    private async Task ServeAsync(string on, Func<NatsMsg, ValueTask> answer, string? queueGroup = null, NatsConnection? connection = null)
    {
        connection ??= nats;
        var requests = await connection.SubscribeCoreAsync(on, queueGroup);
        await connection.FlushAsync();
        _ = Task.Run(async () =>
        {
            await foreach (var request in requests.ReadAllAsync()) await answer(request);
        });
    }
}
