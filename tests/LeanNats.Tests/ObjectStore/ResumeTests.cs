using LeanNats.JetStream;
using LeanNats.ObjectStore;
using LeanNats.ObjectStore.Models;
using LeanNats.Tests.JetStream;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.ObjectStore;

/// <summary>A get goes on where an earlier one stopped, and notices what is wrong with content.</summary>
public sealed class ResumeTests(JetStreamServer shared) : IClassFixture<JetStreamServer>, IAsyncLifetime
{
    private const int Chunk = 1000;

    private readonly byte[] content = Content.Of((10 * Chunk) + 1);
    private readonly string bucket = Nuid.Next();
    private NatsConnection nats = null!;
    private NatsObjStore store = null!;
    private ObjectMetadata info = null!;

    public async ValueTask InitializeAsync()
    {
        nats = shared.Server.Connect();
        store = await new NatsObjContext(new NatsJSContext(nats)).CreateObjectStoreAsync(bucket);
        info = await store.PutAsync("o", content, Chunk);
    }

    public ValueTask DisposeAsync() => nats.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunk)]
    [InlineData((5 * Chunk) - 1)]
    [InlineData(10 * Chunk)]
    [InlineData((10 * Chunk) + 1)]
    public async Task A_get_goes_on_from_any_byte(int have)
    {
        await store.PutAsync("another", Content.Of(Chunk), 10); // chunks of others lie between and behind
        var destination = new MemoryStream();
        destination.Write(content.AsSpan(0, have));
        await store.GetAsync(info, destination, resume: true);
        Assert.Equal(content, destination.ToArray());
    }

    [Fact]
    public async Task Only_the_rest_is_fetched()
    {
        await using var spy = await nats.SubscribeCoreAsync($"$JS.API.CONSUMER.CREATE.OBJ_{bucket}.>");
        var destination = new MemoryStream();
        destination.Write(content.AsSpan(0, (8 * Chunk) + 1));
        await store.GetAsync(info, destination, resume: true);
        Assert.Contains("\"headers_only\":true", (await spy.NextAsync()).Text());
        Assert.Contains("\"opt_start_seq\":9,", (await spy.NextAsync()).Text());
    }

    [Fact]
    public async Task A_wrong_beginning_is_noticed()
    {
        var destination = new MemoryStream();
        destination.Write(content.AsSpan(0, 3000));
        destination.Position = 5;
        destination.WriteByte((byte)~content[5]);
        await Assert.ThrowsAsync<NatsObjCorruptException>(async () => await store.GetAsync(info, destination, resume: true));
        var longer = new MemoryStream([.. content, 1]);
        await Assert.ThrowsAsync<NatsObjCorruptException>(async () => await store.GetAsync(info, longer, resume: true));
    }

    [Fact]
    public async Task A_changed_missing_or_added_chunk_is_noticed()
    {
        var js = new NatsJSContext(nats);
        await Assert.ThrowsAsync<NatsObjCorruptException>(
            async () => await store.GetAsync(info with { Digest = Content.Digest([1]) }, new MemoryStream()));
        await Assert.ThrowsAsync<NatsObjCorruptException>(
            async () => await store.GetAsync(info with { Size = info.Size - 2 }, new MemoryStream()));
        await js.DeleteMessageAsync($"OBJ_{bucket}", 4);
        await Assert.ThrowsAsync<NatsObjCorruptException>(async () => await store.GetAsync(info, new MemoryStream()));
    }

    [Fact]
    public async Task An_object_that_was_replaced_is_noticed()
    {
        await store.PutAsync("o", [1]);
        await Assert.ThrowsAsync<NatsObjCorruptException>(async () => await store.GetAsync(info, new MemoryStream()));
        await Assert.ThrowsAsync<NatsObjCorruptException>(
            async () => await store.GetAsync(info, new MemoryStream(content[..2000]), resume: true));
    }

    [Fact]
    public async Task Chunks_without_bytes_are_passed_over()
    {
        var js = new NatsJSContext(nats);
        await js.PublishAsync($"$O.{bucket}.C.{info.Nuid}");
        Assert.Equal(content, await store.GetBytesAsync("o"));
    }
}
