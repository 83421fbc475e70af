using System.Text;
using System.Text.Json.Nodes;
using LeanNats.JetStream;
using LeanNats.JetStream.Models;
using LeanNats.KeyValue;
using LeanNats.Tests.JetStream;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Interop;

/// <summary>One bucket, used by us and by the official client.</summary>
public sealed class KeyValueInteropTests(JetStreamServer shared) : IClassFixture<JetStreamServer>, IAsyncDisposable
{
    private readonly NatsConnection nats = shared.Server.Connect();
    private readonly string bucket = Nuid.Next();

    private NatsKVContext Kv => new(new NatsJSContext(nats));

    public ValueTask DisposeAsync() => nats.DisposeAsync();

    [Fact]
    public async Task The_official_client_reads_writes_and_watches_a_bucket_of_ours()
    {
        var store = await Kv.CreateStoreAsync(new NatsKVConfig { Bucket = bucket, History = 5, MaxAge = TimeSpan.FromHours(1), Storage = StreamConfigStorage.Memory });
        await store.PutAsync("a", "1".Bytes());
        await store.PutAsync("a", "2".Bytes());
        await store.PutAsync("b", "1".Bytes());
        await store.DeleteAsync("b");
        await using var theirs = await NodeScript.StartReadyAsync("kv", shared.Server, bucket);

        Assert.Equal("""{"key":"a","value":"2","revision":2,"operation":"PUT"}""", await DoAsync(theirs, "get a"));
        Assert.Equal("DEL", (string?)JsonNode.Parse(await DoAsync(theirs, "get b"))!["operation"]);
        Assert.Equal("""["a"]""", await DoAsync(theirs, "keys >"));
        Assert.Equal(
            """[{"key":"a","value":"1","revision":1,"operation":"PUT"},{"key":"a","value":"2","revision":2,"operation":"PUT"}]""",
            await DoAsync(theirs, "history a"));
        Assert.Equal($$"""{"bucket":"{{bucket}}","values":4,"history":5,"ttl":3600000,"storage":"memory"}""", await DoAsync(theirs, "status"));
        Assert.Equal("""[["a","PUT"],["b","DEL"]]""", Short(await DoAsync(theirs, "watch 2")));

        Assert.Equal("5", await DoAsync(theirs, "create b new"));
        Assert.Equal("6", await DoAsync(theirs, "update a 3 2"));
        Assert.Contains("wrong last sequence", await FailAsync(theirs, "update a x 2"), StringComparison.Ordinal);
        await Assert.ThrowsAsync<NatsKVWrongLastRevisionException>(async () => await store.UpdateAsync("a", "x".Bytes(), 2));
        Assert.Equal("3", Text(await store.GetEntryAsync("a")));
        await store.PurgeAsync("a", 6);
        Assert.Equal("PURGE", (string?)JsonNode.Parse(await DoAsync(theirs, "get a"))!["operation"]);
        await theirs.FinishAsync();
    }

    [Fact]
    public async Task We_read_write_and_watch_a_bucket_of_the_official_client()
    {
        await using var theirs = await NodeScript.StartReadyAsync("kv", shared.Server, bucket, """{"history":5,"storage":"memory"}""");
        foreach (var order in new[] { "put a 1", "put a 2", "put b 1", "delete b", "put c 1", "purge c" }) await DoAsync(theirs, order);
        var store = await Kv.GetStoreAsync(bucket);
        Assert.Equal("2", Text(await store.GetEntryAsync("a")));
        Assert.Null(await store.TryGetEntryAsync("b"));
        Assert.Equal(["a"], await store.GetKeysAsync().ToListAsync());
        Assert.Equal(["1", "2"], (await store.HistoryAsync("a").ToListAsync()).Select(Text));
        Assert.Equal(
            [("a", NatsKVOperation.Put), ("b", NatsKVOperation.Del), ("c", NatsKVOperation.Purge)],
            await store.WatchAsync().Take(3).Select(entry => (entry.Key, entry.Operation)).ToListAsync());
        await Assert.ThrowsAsync<NatsKVCreateException>(async () => await store.CreateAsync("a", "x".Bytes()));
        var revision = await store.CreateAsync("b", "mine".Bytes());
        Assert.Equal("mine", (string?)JsonNode.Parse(await DoAsync(theirs, "get b"))!["value"]);
        await store.DeleteAsync("b", revision);
        Assert.Equal("[\"a\"]", await DoAsync(theirs, "keys >"));
        Assert.Equal(5, (await store.GetStatusAsync()).History);
        await theirs.FinishAsync();
    }

    [Fact]
    public async Task Both_take_a_bucket_that_the_other_one_made_for_their_own()
    {
        await Kv.CreateStoreAsync(new NatsKVConfig { Bucket = bucket, History = 5, Storage = StreamConfigStorage.Memory });
        await using var theirs = await NodeScript.StartReadyAsync("kv", shared.Server, bucket, """{"history":5,"storage":"memory"}""");
        await DoAsync(theirs, "put a 1");
        await theirs.FinishAsync();
        Assert.Equal("1", Text(await (await Kv.GetStoreAsync(bucket)).GetEntryAsync("a")));
    }

    private static async Task<string> DoAsync(NodeScript script, string order)
    {
        var answer = await script.AskAsync(order);
        Assert.Null(answer["error"]);
        return answer["result"]?.ToJsonString() ?? "null";
    }

    private static async Task<string> FailAsync(NodeScript script, string order) => (string)(await script.AskAsync(order))["error"]!;

    private static string Short(string entries) => new JsonArray(
        [.. JsonNode.Parse(entries)!.AsArray().Select(entry => new JsonArray(entry!["key"]!.DeepClone(), entry["operation"]!.DeepClone()))]).ToJsonString();

    private static string Text(NatsKVEntry entry) => Encoding.UTF8.GetString(entry.Value.Span);
}
