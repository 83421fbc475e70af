using LeanNats.Tests.Servers;
using Microsoft.Extensions.Primitives;

namespace LeanNats.Tests.Connection;

public sealed class RequestTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncDisposable
{
    private readonly NatsConnection nats = shared.Server.Connect();
    private readonly NatsConnection service = shared.Server.Connect();
    private readonly string subject = Nuid.Next();

    public async ValueTask DisposeAsync()
    {
        await nats.DisposeAsync();
        await service.DisposeAsync();
    }

    [Fact]
    public async Task A_request_gets_its_reply_with_headers()
    {
        await ServeAsync(request => request.ReplyAsync($"{request.Text()}!".Bytes(), new NatsHeaders { ["Id"] = request.Headers!["Id"] }));
        var reply = await nats.RequestAsync(subject, "hi".Bytes(), new NatsHeaders { ["Id"] = new[] { "1", "2" } });
        Assert.Equal("hi!", reply.Text());
        Assert.Equal(new StringValues(["1", "2"]), reply.Headers!["Id"]);
    }

    [Fact]
    public async Task Two_hundred_requests_at_once_each_get_their_own_reply()
    {
        await ServeAsync(request => request.ReplyAsync(request.Data));
        var replies = await Wait.ForAsync(Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            for (var round = 0; round < 20; round++)
            {
                var reply = await nats.RequestAsync(subject, BitConverter.GetBytes((i * 20) + round));
                Assert.Equal((i * 20) + round, BitConverter.ToInt32(reply.Data.Span));
            }

            return i;
        })));
        Assert.Equal(200, replies.Length);
    }

    [Fact]
    public async Task Nobody_there_is_a_typed_error_at_once()
    {
        var nobody = await Assert.ThrowsAsync<NatsNoRespondersException>(async () => await nats.RequestAsync(subject));
        Assert.Equal(subject, nobody.Subject);
        await Assert.ThrowsAsync<NatsNoRespondersException>(async () => await nats.RequestManyAsync(subject).GetAsyncEnumerator().MoveNextAsync());
    }

    [Fact]
    public async Task No_reply_in_time_is_a_typed_error()
    {
        var asked = new TaskCompletionSource();
        await ServeAsync(_ =>
        {
            asked.TrySetResult();
            return default;
        });
        var time = new ManualTime();
        await using var patient = shared.Server.Connect(opts => opts with { TimeProvider = time });
        var request = patient.RequestAsync(subject, timeout: TimeSpan.FromMinutes(1)).AsTask();
        await Wait.ForAsync(asked.Task);
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(request.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<NatsNoReplyException>(() => Wait.ForAsync(request));
    }

    [Fact]
    public async Task A_late_reply_is_nobodys()
    {
        var late = new TaskCompletionSource<NatsMsg>();
        await ServeAsync(request =>
        {
            late.TrySetResult(request);
            return request.Data.IsEmpty ? default : request.ReplyAsync(request.Data);
        });
        using var cancel = new CancellationTokenSource();
        var first = nats.RequestAsync(subject, cancellationToken: cancel.Token).AsTask();
        var held = await Wait.ForAsync(late.Task);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await held.ReplyAsync("late".Bytes());
        Assert.Equal("mine", (await nats.RequestAsync(subject, "mine".Bytes())).Text());
    }

    [Fact]
    public async Task Many_replies_end_with_an_empty_one()
    {
        await ServeAsync(async request =>
        {
            for (var i = 0; i < 500; i++) await request.ReplyAsync(BitConverter.GetBytes(i));
            await request.ReplyAsync(headers: new NatsHeaders { ["Not"] = "the end" });
            await request.ReplyAsync();
        });
        var replies = new List<NatsMsg>();
        await foreach (var reply in nats.RequestManyAsync(subject)) replies.Add(reply);
        Assert.Equal(Enumerable.Range(0, 500), replies.SkipLast(1).Select(reply => BitConverter.ToInt32(reply.Data.Span)));
        Assert.True(replies[^1].Data.IsEmpty);
    }

    [Fact]
    public async Task Many_replies_without_their_end_are_an_error_and_without_a_terminator_they_just_end()
    {
        await ServeAsync(request => request.ReplyAsync("one".Bytes()));
        var soon = TimeSpan.FromMilliseconds(50);
        var strict = nats.RequestManyAsync(subject, replyOpts: new NatsSubOpts { StopOnEmptyMsg = true, StartUpTimeout = NatsServer.Deadline, IdleTimeout = soon });
        await using var replies = strict.GetAsyncEnumerator();
        Assert.True(await replies.MoveNextAsync());
        await Assert.ThrowsAsync<NatsNoReplyException>(async () => await replies.MoveNextAsync());

        var lenient = nats.RequestManyAsync(subject, replyOpts: new NatsSubOpts { StartUpTimeout = NatsServer.Deadline, IdleTimeout = soon });
        Assert.Single(await lenient.ToListAsync());
    }

    [Fact]
    public async Task Many_replies_can_be_limited_by_number_and_by_total_time()
    {
        await ServeAsync(async request =>
        {
            for (var i = 0; i < 10; i++) await request.ReplyAsync("x".Bytes());
        });
        Assert.Equal(4, (await nats.RequestManyAsync(subject, replyOpts: new NatsSubOpts { MaxMsgs = 4 }).ToListAsync()).Count);
        var total = new NatsSubOpts { Timeout = TimeSpan.FromMilliseconds(300) };
        Assert.Equal(10, (await nats.RequestManyAsync(subject, replyOpts: total).ToListAsync()).Count);
    }

    [Fact]
    public async Task Who_answers_learns_when_the_caller_has_left()
    {
        var requests = await service.SubscribeCoreAsync(subject);
        await service.FlushAsync();
        var replies = nats.RequestManyAsync(subject).GetAsyncEnumerator();
        var first = replies.MoveNextAsync().AsTask();
        var request = await requests.NextAsync();
        await request.ReplyAsync("x".Bytes());
        Assert.True(await Wait.ForAsync(first));
        await replies.DisposeAsync();
        await nats.FlushAsync();

        await using var probe = await service.SubscribeCoreAsync(service.NewInbox());
        await request.ReplyAsync("y".Bytes(), replyTo: probe.Subject);
        Assert.True((await probe.NextAsync()).HasNoResponders);
    }

    [Fact]
    public async Task A_request_without_time_is_refused() =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await nats.RequestAsync(subject, timeout: TimeSpan.Zero));

    private async Task ServeAsync(Func<NatsMsg, ValueTask> answer)
    {
        var requests = await service.SubscribeCoreAsync(subject);
        await service.FlushAsync();
        _ = Task.Run(async () =>
        {
            await foreach (var request in requests.ReadAllAsync()) await answer(request);
        });
    }
}
