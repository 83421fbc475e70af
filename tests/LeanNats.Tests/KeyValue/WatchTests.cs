using System.Text;
using LeanNats.JetStream;
using LeanNats.KeyValue;
using LeanNats.Tests.JetStream;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.KeyValue;

/// <summary>Following a bucket.</summary>
public sealed class WatchTests(JetStreamServer shared) : IClassFixture<JetStreamServer>, IAsyncDisposable
{
    private readonly NatsConnection nats = shared.Server.Connect();
    private readonly CancellationTokenSource deadline = new(NatsServer.Deadline);
    private readonly string bucket = Nuid.Next();

    public async ValueTask DisposeAsync()
    {
        await nats.DisposeAsync();
        deadline.Dispose();
    }

    [Fact]
    public async Task A_watch_begins_with_the_last_values_says_when_they_are_told_and_goes_on()
    {
        var store = await CreateAsync(nats);
        foreach (var (key, value) in new[] { ("a", "1"), ("b", "1"), ("a", "2") }) await store.PutAsync(key, value.Bytes());
        var told = new List<string>();
        await using var watch = store.WatchAsync(opts: new NatsKVWatchOpts { OnInitialDone = () => told.Add("done") }, cancellationToken: deadline.Token)
            .GetAsyncEnumerator();
        await ReadAsync(2);
        await store.DeleteAsync("b");
        await store.PutAsync("c", "1".Bytes());
        await ReadAsync(2);
        Assert.Equal(["b=1", "a=2", "done", "b Del", "c=1"], told);

        async Task ReadAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                Assert.True(await watch.MoveNextAsync());
                told.Add(Show(watch.Current));
            }
        }
    }

    [Fact]
    public async Task A_watch_of_nothing_says_at_once_that_nothing_is_there()
    {
        var store = await CreateAsync(nats);
        var done = new TaskCompletionSource();
        await using var watch = store.WatchAsync("k", new NatsKVWatchOpts { OnInitialDone = done.SetResult }, deadline.Token).GetAsyncEnumerator();
        var first = watch.MoveNextAsync().AsTask();
        await Wait.ForAsync(done.Task);
        Assert.False(first.IsCompleted);
        await store.PutAsync("k", "1".Bytes());
        Assert.True(await first);
    }

    [Fact]
    public async Task What_a_watch_tells_can_be_chosen()
    {
        var store = await CreateAsync(nats);
        for (var i = 1; i <= 3; i++) await store.PutAsync("a.x", $"{i}".Bytes());
        await store.PutAsync("b", "1".Bytes());
        await store.DeleteAsync("b");
        await store.PutAsync("a.y", "1".Bytes());
        Assert.Equal(["a.x=3", "b Del", "a.y=1"], await TakeAsync(3, ">", new NatsKVWatchOpts()));
        Assert.Equal(["a.x=3", "a.y=1"], await TakeAsync(2, "a.*", new NatsKVWatchOpts()));
        Assert.Equal(["a.x=3", "a.y=1"], await TakeAsync(2, ">", new NatsKVWatchOpts { IgnoreDeletes = true }));
        Assert.Equal(["a.x=1", "a.x=2", "a.x=3", "b=1", "b Del", "a.y=1"], await TakeAsync(6, ">", new NatsKVWatchOpts { IncludeHistory = true }));
        Assert.Equal(["b=1", "b Del", "a.y=1"], await TakeAsync(3, ">", new NatsKVWatchOpts { ResumeAtRevision = 4 }));
        Assert.Equal(["a.x=", "b Del", "a.y="], await TakeAsync(3, ">", new NatsKVWatchOpts { MetaOnly = true }));
        var put = new NatsKVWatchOpts { UpdatesOnly = true, OnInitialDone = () => _ = Task.Run(() => store.PutAsync("new", "1".Bytes()).AsTask()) };
        Assert.Equal(["new=1"], await TakeAsync(1, ">", put));
        await Assert.ThrowsAsync<ArgumentException>(() => TakeAsync(1, ">", new NatsKVWatchOpts { UpdatesOnly = true, IncludeHistory = true }));

        Task<List<string>> TakeAsync(int count, string keys, NatsKVWatchOpts opts) =>
            store.WatchAsync(keys, opts, deadline.Token).Take(count).Select(Show).ToListAsync(deadline.Token).AsTask();
    }

    [Fact]
    public async Task A_watch_goes_on_where_it_was_when_its_connection_was_cut()
    {
        await using var proxy = new CuttingProxy(shared.Server.Port);
        await using var watching = new NatsConnection(shared.Server.Opts with { Url = proxy.Url, ReconnectWaitMin = TimeSpan.FromMilliseconds(5) });
        var store = await CreateAsync(nats);
        var seen = new List<string>();
        var watched = await new NatsKVContext(new NatsJSContext(watching)).GetStoreAsync(bucket);
        await using var watch = watched.WatchAsync(opts: new NatsKVWatchOpts { IncludeHistory = true }, cancellationToken: deadline.Token).GetAsyncEnumerator();
        for (var i = 0; i < 30; i++)
        {
            await store.PutAsync("k", $"{i}".Bytes());
            if (i % 10 == 5) proxy.Cut();
            Assert.True(await watch.MoveNextAsync());
            seen.Add(Show(watch.Current));
        }

        Assert.Equal(Enumerable.Range(0, 30).Select(i => $"k={i}"), seen);
    }

    [Fact]
    public async Task A_watch_goes_on_after_a_restart_of_the_server()
    {
        await using var server = await NatsServer.StartAsync(jetStream: true);
        await using var connection = server.Connect(opts => opts with { ReconnectWaitMin = TimeSpan.FromMilliseconds(5) });
        var store = await CreateAsync(connection);
        await store.PutAsync("a", "1".Bytes());
        await using var watch = store.WatchAsync(cancellationToken: deadline.Token).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        await server.RestartAsync();
        await using var other = server.Connect();
        var js = new NatsJSContext(other);
        await PutUntilStoredAsync(js, "b", "2");
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal("b=2", Show(watch.Current));
    }

    [Fact]
    public async Task Keys_are_complete_though_there_are_more_than_one_pull_brings()
    {
        var store = await CreateAsync(nats);
        await Task.WhenAll(Enumerable.Range(0, 2500).Select(i => store.PutAsync($"k.{i}", "x".Bytes()).AsTask()));
        Assert.Equal(2500, (await store.GetKeysAsync(cancellationToken: deadline.Token).ToListAsync()).Count);
    }

    [Fact]
    public async Task A_watch_whose_consumer_was_deleted_goes_on_with_another()
    {
        var store = await CreateAsync(nats);
        await store.PutAsync("a", "1".Bytes());
        await using var watch = store.WatchAsync(cancellationToken: deadline.Token).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        var next = watch.MoveNextAsync().AsTask();
        var js = new NatsJSContext(nats);
        await foreach (var consumer in js.ListConsumersAsync($"KV_{bucket}")) await js.DeleteConsumerAsync($"KV_{bucket}", consumer.Info.Name);
        await store.PutAsync("b", "2".Bytes());
        Assert.True(await next);
        Assert.Equal("b=2", Show(watch.Current));
    }

    private static string Show(NatsKVEntry entry) =>
        entry.Operation == NatsKVOperation.Put ? $"{entry.Key}={Encoding.UTF8.GetString(entry.Value.Span)}" : $"{entry.Key} {entry.Operation}";

    private ValueTask<NatsKVStore> CreateAsync(NatsConnection connection) =>
        new NatsKVContext(new NatsJSContext(connection)).CreateStoreAsync(new NatsKVConfig { Bucket = bucket, History = 30 });

    /// <summary>JetStream needs a moment after the server takes connections.</summary>
    private async Task PutUntilStoredAsync(NatsJSContext js, string key, string value)
    {
        while (true)
        {
            try
            {
                var store = await new NatsKVContext(js).GetStoreAsync(bucket, deadline.Token);
                await store.PutAsync(key, value.Bytes(), deadline.Token);
                return;
            }
            catch (Exception e) when (e is NatsNoRespondersException or NatsJSApiException)
            {
                await Task.Delay(5, deadline.Token);
            }
        }
    }
}
