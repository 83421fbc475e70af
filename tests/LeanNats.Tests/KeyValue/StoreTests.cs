using System.Text;
using LeanNats.JetStream;
using LeanNats.JetStream.Models;
using LeanNats.KeyValue;
using LeanNats.Tests.JetStream;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.KeyValue;

/// <summary>Reading and writing keys.</summary>
public sealed class StoreTests(JetStreamServer shared) : IClassFixture<JetStreamServer>, IAsyncDisposable
{
    private readonly NatsConnection nats = shared.Server.Connect();
    private readonly string bucket = Nuid.Next();

    private NatsKVContext Kv => new(new NatsJSContext(nats));

    public ValueTask DisposeAsync() => nats.DisposeAsync();

    [Fact]
    public async Task A_value_is_read_as_it_was_put_with_its_revision()
    {
        var store = await CreateAsync(history: 2);
        Assert.Equal(1UL, await store.PutAsync("node.a", "v1".Bytes()));
        Assert.Equal(2UL, await store.PutAsync("node.a", "v2".Bytes()));
        var entry = await store.GetEntryAsync("node.a");
        Assert.Equal((bucket, "node.a", "v2", 2UL, NatsKVOperation.Put), (entry.Bucket, entry.Key, Text(entry), entry.Revision, entry.Operation));
        Assert.True(entry.Created > DateTimeOffset.UnixEpoch);
        Assert.Equal("v1", Text(await store.GetEntryAsync("node.a", revision: 1)));
    }

    [Fact]
    public async Task A_key_without_a_value_is_a_typed_error_or_null()
    {
        var store = await CreateAsync();
        await store.PutAsync("other", "x".Bytes());
        Assert.Equal("missing", (await Assert.ThrowsAsync<NatsKVKeyNotFoundException>(async () => await store.GetEntryAsync("missing"))).Key);
        Assert.Null(await store.TryGetEntryAsync("missing"));
        Assert.Null(await store.TryGetEntryAsync("missing", revision: 1)); // another key's
        Assert.Null(await store.TryGetEntryAsync("missing", revision: 99));
    }

    [Fact]
    public async Task A_deleted_key_is_gone_and_its_history_stays_until_it_is_purged()
    {
        var store = await CreateAsync(history: 5);
        await store.PutAsync("k", "1".Bytes());
        await store.DeleteAsync("k");
        Assert.Null(await store.TryGetEntryAsync("k"));
        var history = await store.HistoryAsync("k").ToListAsync();
        Assert.Equal([NatsKVOperation.Put, NatsKVOperation.Del], history.Select(entry => entry.Operation));
        await store.PurgeAsync("k");
        Assert.Null(await store.TryGetEntryAsync("k"));
        Assert.Equal([NatsKVOperation.Purge], (await store.HistoryAsync("k").ToListAsync()).Select(entry => entry.Operation));
        Assert.Empty(await store.HistoryAsync("never").ToListAsync());
    }

    [Fact]
    public async Task Creating_a_key_that_has_a_value_is_refused_and_after_its_deletion_it_is_not()
    {
        var store = await CreateAsync();
        await store.CreateAsync("k", "1".Bytes());
        Assert.Equal("k", (await Assert.ThrowsAsync<NatsKVCreateException>(async () => await store.CreateAsync("k", "2".Bytes()))).Key);
        await store.DeleteAsync("k");
        await store.CreateAsync("k", "3".Bytes());
        await store.PurgeAsync("k");
        Assert.Equal(5UL, await store.CreateAsync("k", "4".Bytes()));
        Assert.Equal("4", Text(await store.GetEntryAsync("k")));
    }

    [Fact]
    public async Task A_lost_race_is_a_typed_error_and_changes_nothing()
    {
        var store = await CreateAsync();
        var first = await store.PutAsync("k", "1".Bytes());
        var second = await store.UpdateAsync("k", "2".Bytes(), first);
        var lost = await Assert.ThrowsAsync<NatsKVWrongLastRevisionException>(async () => await store.UpdateAsync("k", "x".Bytes(), first));
        Assert.Equal(("k", first), (lost.Key, lost.Revision));
        await Assert.ThrowsAsync<NatsKVWrongLastRevisionException>(async () => await store.DeleteAsync("k", first));
        await Assert.ThrowsAsync<NatsKVWrongLastRevisionException>(async () => await store.PurgeAsync("k", first));
        Assert.Equal("2", Text(await store.GetEntryAsync("k")));
        await store.DeleteAsync("k", second);
        Assert.Null(await store.TryGetEntryAsync("k"));
    }

    [Fact]
    public async Task Many_who_count_in_one_key_lose_no_count()
    {
        var store = await CreateAsync();
        await store.PutAsync("count", "0".Bytes());
        await Wait.ForAsync(Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var done = 0; done < 50;)
            {
                var entry = await store.GetEntryAsync("count");
                try
                {
                    await store.UpdateAsync("count", $"{int.Parse(Text(entry)) + 1}".Bytes(), entry.Revision);
                    done++;
                }
                catch (NatsKVWrongLastRevisionException)
                {
                    // Once more.
                }
            }
        }))));
        Assert.Equal("200", Text(await store.GetEntryAsync("count")));
    }

    [Fact]
    public async Task History_is_kept_up_to_its_length_and_told_from_the_oldest()
    {
        var store = await CreateAsync(history: 3);
        for (var i = 1; i <= 5; i++) await store.PutAsync("k", $"{i}".Bytes());
        Assert.Equal(["3", "4", "5"], (await store.HistoryAsync("k").ToListAsync()).Select(Text));
    }

    [Fact]
    public async Task Keys_are_those_that_have_a_value()
    {
        var store = await CreateAsync(history: 3);
        Assert.Empty(await store.GetKeysAsync().ToListAsync());
        foreach (var key in new[] { "a.1", "a.2", "b.1", "a.1", "gone" }) await store.PutAsync(key, "x".Bytes());
        await store.DeleteAsync("gone");
        Assert.Equal(["a.1", "a.2", "b.1"], (await store.GetKeysAsync().ToListAsync()).Order(StringComparer.Ordinal));
        Assert.Equal(["a.1", "a.2"], (await store.GetKeysAsync("a.*").ToListAsync()).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData("a..b")]
    [InlineData("a.*")]
    [InlineData("ä")]
    [InlineData("_kv.a")]
    [InlineData("a\n")]
    public async Task What_cannot_be_a_key_is_refused(string key)
    {
        var store = await CreateAsync();
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.PutAsync(key, "x".Bytes()));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.GetEntryAsync(key));
        Assert.Throws<ArgumentException>(() => store.HistoryAsync(key));
    }

    [Fact]
    public async Task A_bucket_is_made_found_and_deleted()
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await Kv.CreateStoreAsync("a.b"));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Kv.CreateStoreAsync(new NatsKVConfig { Bucket = "x", History = 65 }));
        Assert.Equal(JSErrCode.StreamNotFound, (await Assert.ThrowsAsync<NatsJSApiException>(async () => await Kv.GetStoreAsync(bucket))).Error.ErrCode);

        var config = new NatsKVConfig { Bucket = bucket, Description = "demo", History = 2, MaxAge = TimeSpan.FromMinutes(1), MaxValueSize = 10 };
        await Kv.CreateStoreAsync(config);
        var store = await Kv.CreateStoreAsync(config);
        await Assert.ThrowsAsync<NatsJSApiException>(async () => await store.PutAsync("k", new byte[11]));
        await store.PutAsync("k", "x".Bytes());
        var status = await (await Kv.GetStoreAsync(bucket)).GetStatusAsync();
        Assert.Equal((bucket, 1UL, 2L, TimeSpan.FromMinutes(1)), (status.Bucket, status.Values, status.History, status.MaxAge));
        Assert.Equal("demo", status.Info.Config.Description);
        Assert.Contains(bucket, await Kv.GetBucketNamesAsync().ToListAsync());

        var other = config with { History = 3 };
        var inUse = await Assert.ThrowsAsync<NatsJSApiException>(async () => await Kv.CreateStoreAsync(other));
        Assert.Equal(JSErrCode.StreamNameInUse, inUse.Error.ErrCode);
        Assert.Equal(3, (await (await Kv.CreateOrUpdateStoreAsync(other)).GetStatusAsync()).History);
        await Kv.DeleteStoreAsync(bucket);
        await Assert.ThrowsAsync<NatsJSApiException>(async () => await Kv.GetStoreAsync(bucket));
        Assert.DoesNotContain(bucket, await Kv.GetBucketNamesAsync().ToListAsync());
    }

    [Fact]
    public async Task Values_go_after_the_buckets_time()
    {
        var store = await Kv.CreateStoreAsync(new NatsKVConfig { Bucket = bucket, MaxAge = TimeSpan.FromMilliseconds(200), Storage = StreamConfigStorage.Memory });
        await store.PutAsync("k", "x".Bytes());
        using var deadline = new CancellationTokenSource(NatsServer.Deadline);
        while (await store.TryGetEntryAsync("k", cancellationToken: deadline.Token) is not null) await Task.Delay(5, deadline.Token);
        await store.CreateAsync("k", "y".Bytes());
    }

    [Fact]
    public async Task A_time_of_a_single_key_is_kept_or_refused_but_never_forgotten()
    {
        var plain = await CreateAsync();
        await Assert.ThrowsAsync<NatsKVException>(async () => await plain.CreateAsync("k", "x".Bytes(), TimeSpan.FromSeconds(1)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await plain.CreateAsync("k", "x".Bytes(), TimeSpan.FromMilliseconds(1)));
        Assert.Null(await plain.TryGetEntryAsync("k"));

        var account = await new NatsJSContext(nats).GetAccountInfoAsync();
        var config = new NatsKVConfig { Bucket = Nuid.Next(), LimitMarkerTTL = TimeSpan.FromSeconds(1) };
        if (account.Api.Level < 1)
        {
            await Assert.ThrowsAsync<NatsKVException>(async () => await Kv.CreateStoreAsync(config));
            return;
        }

        var store = await Kv.CreateStoreAsync(config);
        await store.CreateAsync("k", "x".Bytes(), TimeSpan.FromSeconds(1));
        using var deadline = new CancellationTokenSource(NatsServer.Deadline);
        var expired = await store.WatchAsync("k", cancellationToken: deadline.Token).FirstAsync(entry => entry.Operation == NatsKVOperation.Purge);
        Assert.Equal("k", expired.Key);
        Assert.Null(await store.TryGetEntryAsync("k"));
    }

    private static string Text(NatsKVEntry entry) => Encoding.UTF8.GetString(entry.Value.Span);

    private ValueTask<NatsKVStore> CreateAsync(int history = 1) =>
        Kv.CreateStoreAsync(new NatsKVConfig { Bucket = bucket, History = history, Storage = StreamConfigStorage.Memory });
}
