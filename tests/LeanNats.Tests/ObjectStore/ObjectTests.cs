using LeanNats.JetStream;
using LeanNats.JetStream.Models;
using LeanNats.ObjectStore;
using LeanNats.ObjectStore.Models;
using LeanNats.Tests.JetStream;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.ObjectStore;

public sealed class ObjectTests(JetStreamServer shared) : IClassFixture<JetStreamServer>, IAsyncLifetime
{
    private const int Chunk = 1000;

    private readonly string bucket = Nuid.Next();
    private NatsConnection nats = null!;
    private NatsJSContext js = null!;
    private NatsObjContext context = null!;
    private NatsObjStore store = null!;

    public async ValueTask InitializeAsync()
    {
        nats = shared.Server.Connect();
        js = new NatsJSContext(nats);
        context = new NatsObjContext(js);
        store = await context.CreateObjectStoreAsync(bucket);
    }

    public ValueTask DisposeAsync() => nats.DisposeAsync();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(Chunk - 1, 1)]
    [InlineData(Chunk, 1)]
    [InlineData(Chunk + 1, 2)]
    [InlineData(20 * Chunk, 20)]
    public async Task An_object_of_any_size_comes_back_as_it_was_put(int size, int chunks)
    {
        var content = Content.Of(size);
        var put = await store.PutAsync("m/ü a.gguf", content, Chunk);
        Assert.Equal((size, chunks, Content.Digest(content)), (put.Size, put.Chunks, put.Digest));
        Assert.Equal(content, await store.GetBytesAsync("m/ü a.gguf"));
        var info = await store.GetInfoAsync("m/ü a.gguf");
        Assert.Equal((put.Nuid, bucket, put.Digest, Chunk), (info.Nuid, info.Bucket, info.Digest, info.Options!.MaxChunkSize));
    }

    [Fact]
    public async Task What_its_owner_says_of_an_object_is_kept()
    {
        var meta = new ObjectMetadata
        {
            Name = "o", Description = "d", Metadata = new Dictionary<string, string> { ["k"] = "v" },
            Headers = new Dictionary<string, IReadOnlyList<string>> { ["H"] = ["1", "2"] },
        };
        await store.PutAsync(meta, Content.Stream([1]));
        var info = await store.GetInfoAsync("o");
        Assert.Equal(("d", "v", "2"), (info.Description, info.Metadata!["k"], info.Headers!["H"][1]));
        Assert.InRange(DateTimeOffset.UtcNow - info.MTime, TimeSpan.FromHours(-1), TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task A_new_content_replaces_the_old_one_and_its_chunks()
    {
        await store.PutAsync("o", Content.Of(5 * Chunk), Chunk);
        var second = Content.Of(2 * Chunk);
        var put = await store.PutAsync("o", second, Chunk);
        Assert.Equal(second, await store.GetBytesAsync("o"));
        var stream = await js.GetStreamAsync($"OBJ_{bucket}", ">");
        Assert.Equal(2UL, stream.Info.State.Subjects![$"$O.{bucket}.C.{put.Nuid}"]);
        Assert.Equal(3UL, stream.Info.State.Messages);
    }

    [Fact]
    public async Task A_put_whose_source_fails_leaves_the_old_content_and_nothing_else()
    {
        var old = Content.Of(3 * Chunk);
        await store.PutAsync("o", old, Chunk);
        var source = new FailingStream(Content.Of(50 * Chunk), failAt: 20 * Chunk);
        var meta = new ObjectMetadata { Name = "o", Options = new MetaDataOptions { MaxChunkSize = Chunk } };
        await Assert.ThrowsAsync<IOException>(async () => await store.PutAsync(meta, source));
        Assert.Equal(old, await store.GetBytesAsync("o"));
        Assert.Equal(4UL, (await store.GetStatusAsync()).StreamInfo.State.Messages);
    }

    [Fact]
    public async Task A_deleted_object_is_gone_and_its_name_free()
    {
        await store.PutAsync("o", Content.Of(3 * Chunk), Chunk);
        await store.DeleteAsync("o");
        var gone = await Assert.ThrowsAsync<NatsObjNotFoundException>(async () => await store.GetBytesAsync("o"));
        Assert.Equal((bucket, "o"), (gone.Bucket, gone.Name));
        await Assert.ThrowsAsync<NatsObjNotFoundException>(async () => await store.GetInfoAsync("never"));
        Assert.True((await store.GetInfoAsync("o", showDeleted: true)).Deleted);
        Assert.Equal(1UL, (await store.GetStatusAsync()).StreamInfo.State.Messages);
        await store.PutAsync("o", [7]);
        Assert.Equal([7], await store.GetBytesAsync("o"));
    }

    [Fact]
    public async Task Objects_are_listed_without_the_deleted_ones()
    {
        Assert.Empty(await store.ListAsync().TakeAsync(1));
        await store.PutAsync("a", [1]);
        await store.PutAsync("b", [1, 2]);
        await store.PutAsync("a", [1, 2, 3]);
        await store.PutAsync("c", [1]);
        await store.DeleteAsync("c");
        await js.PublishAsync($"$O.{bucket}.M.bm9uc2Vuc2U=", "no object".Bytes());
        Assert.Equal([("b", 2L), ("a", 3L)], (await store.ListAsync().TakeAsync(9)).Select(o => (o.Name, o.Size)));
        Assert.Equal(["b", "a", "c"], (await store.ListAsync(showDeleted: true).TakeAsync(9)).Select(o => o.Name));
    }

    [Fact]
    public async Task A_watch_tells_what_is_there_and_what_changes()
    {
        await store.PutAsync("a", [1]);
        await using var all = store.WatchAsync().GetAsyncEnumerator();
        await using var changes = store.WatchAsync(updatesOnly: true).GetAsyncEnumerator();
        Assert.Equal("a", (await NextAsync(all)).Name);
        var change = NextAsync(changes);
        await Wait.UntilAsync(() => js.ListConsumersAsync($"OBJ_{bucket}").ToBlockingEnumerable().Count() == 2, "both watch");
        await store.PutAsync("b", [1]);
        await store.DeleteAsync("b");
        foreach (var next in new[] { await NextAsync(all), await change }) Assert.Equal(("b", false), (next.Name, next.Deleted));
        foreach (var watch in new[] { all, changes }) Assert.Equal(("b", true), ((await NextAsync(watch)).Name, watch.Current.Deleted));
    }

    [Fact]
    public async Task An_object_is_renamed_and_described_anew_without_moving_its_content()
    {
        var put = await store.PutAsync("a", Content.Of(3 * Chunk), Chunk);
        await store.PutAsync("taken", [1]);
        await Assert.ThrowsAsync<NatsObjException>(async () => await store.UpdateMetaAsync("a", put with { Name = "taken" }));
        await store.UpdateMetaAsync("a", put with { Name = "b", Description = "new" });
        Assert.Equal(Content.Of(3 * Chunk), await store.GetBytesAsync("b"));
        Assert.Equal((put.Nuid, "new"), ((await store.GetInfoAsync("b")).Nuid, (await store.GetInfoAsync("b")).Description));
        await Assert.ThrowsAsync<NatsObjNotFoundException>(async () => await store.GetInfoAsync("a"));
    }

    [Fact]
    public async Task Links_stand_for_objects_of_this_and_of_other_buckets()
    {
        var other = await context.CreateObjectStoreAsync(Nuid.Next());
        var target = await other.PutAsync("o", [1, 2, 3]);
        var own = await store.PutAsync("own", [4]);
        await store.AddLinkAsync("far", target);
        await store.AddLinkAsync("near", own);
        await store.AddBucketLinkAsync("bucket", other);
        Assert.Equal([1, 2, 3], await store.GetBytesAsync("far"));
        Assert.Equal([4], await store.GetBytesAsync("near"));
        Assert.True((await store.GetInfoAsync("far")).IsLink);
        await Assert.ThrowsAsync<NatsObjException>(async () => await store.GetBytesAsync("bucket"));
        await Assert.ThrowsAsync<NatsObjException>(async () => await store.AddLinkAsync("x", await store.GetInfoAsync("near")));
        await Assert.ThrowsAsync<NatsObjException>(async () => await store.AddLinkAsync("own", target));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.PutAsync(await store.GetInfoAsync("far"), Content.Stream([1])));
        await other.DeleteAsync("o");
        await Assert.ThrowsAsync<NatsObjNotFoundException>(async () => await store.GetBytesAsync("far"));
        await store.DeleteAsync("near");
        Assert.Equal([4], await store.GetBytesAsync("own"));
    }

    [Fact]
    public async Task A_sealed_bucket_takes_nothing_more()
    {
        await store.PutAsync("o", [1]);
        await store.SealAsync();
        Assert.True((await store.GetStatusAsync()).Sealed);
        await Assert.ThrowsAnyAsync<NatsJSException>(async () => await store.PutAsync("p", [1]));
        Assert.Equal([1], await store.GetBytesAsync("o"));
    }

    [Fact]
    public async Task A_bucket_keeps_its_settings_and_can_be_deleted()
    {
        var config = new NatsObjConfig(Nuid.Next())
        {
            Description = "d", MaxAge = TimeSpan.FromHours(2), MaxBytes = 50_000, Storage = StreamConfigStorage.Memory,
        };
        await context.CreateObjectStoreAsync(config);
        var opened = await context.GetObjectStoreAsync(config.Bucket);
        var settings = (await opened.GetStatusAsync()).StreamInfo.Config;
        Assert.Equal(("d", TimeSpan.FromHours(2), 50_000L, StreamConfigStorage.Memory), (settings.Description, settings.MaxAge, settings.MaxBytes, settings.Storage));
        await Assert.ThrowsAsync<NatsJSApiException>(async () => await opened.PutAsync("large", Content.Of(100_000), Chunk)); // it is full
        await context.DeleteObjectStoreAsync(config.Bucket);
        await Assert.ThrowsAsync<NatsJSApiException>(async () => await context.GetObjectStoreAsync(config.Bucket));
        await Assert.ThrowsAsync<ArgumentException>(async () => await context.CreateObjectStoreAsync("a.b"));
    }

    [Fact]
    public async Task Chunks_that_do_not_fit_into_a_message_are_refused()
    {
        var refused = await Assert.ThrowsAsync<NatsPayloadTooLargeException>(async () => await store.PutAsync("o", Content.Of(1_048_576), 1_048_576));
        Assert.Equal(1_048_576, refused.MaxPayload);
        await Assert.ThrowsAsync<NatsObjNotFoundException>(async () => await store.GetInfoAsync("o"));
    }

    private static async Task<ObjectMetadata> NextAsync(IAsyncEnumerator<ObjectMetadata> watch)
    {
        Assert.True(await Wait.ForAsync(watch.MoveNextAsync().AsTask()));
        return watch.Current;
    }

    private sealed class FailingStream(byte[] bytes, int failAt) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position < failAt ? await base.ReadAsync(buffer, cancellationToken) : throw new IOException("The disk is gone.");
    }
}
