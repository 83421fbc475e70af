using System.Security.Cryptography;
using System.Text.Json.Nodes;
using LeanNats.JetStream;
using LeanNats.ObjectStore;
using LeanNats.ObjectStore.Models;
using LeanNats.Tests.JetStream;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.ObjectStore;

/// <summary>Objects put by the official JavaScript client and got here, and the other way round.</summary>
public sealed class OfficialClientTests(JetStreamServer shared) : IClassFixture<JetStreamServer>, IAsyncLifetime
{
    private const int MiB = 1024 * 1024;

    private readonly string folder = Directory.CreateTempSubdirectory("leannats-objects-").FullName;
    private readonly string bucket = Nuid.Next();
    private NatsConnection nats = null!;
    private NatsObjStore store = null!;

    public async ValueTask InitializeAsync()
    {
        nats = shared.Server.Connect();
        store = await new NatsObjContext(new NatsJSContext(nats)).CreateObjectStoreAsync(bucket);
    }

    public async ValueTask DisposeAsync()
    {
        await nats.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(100_000L)]
    [InlineData(1L * MiB)]
    [InlineData(64L * MiB)]
    public Task Objects_go_both_ways(long size) => GoBothWaysAsync(size);

    [Fact]
    [Trait("run", "long")]
    public Task Two_gigabytes_go_both_ways() => GoBothWaysAsync(2048L * MiB);

    [Fact]
    public async Task Links_and_deletions_go_both_ways()
    {
        var put = await store.PutAsync("a/b", [1, 2, 3]);
        await store.AddLinkAsync("ours", put);
        await NodeAsync("link", "theirs", "a/b");
        Assert.Equal([1, 2, 3], await store.GetBytesAsync("theirs"));
        await NodeAsync("get", "ours", Path.Combine(folder, "got"));
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(Path.Combine(folder, "got")));
        var deleted = await NodeAsync("delete", "a/b", "");
        Assert.True((bool)deleted["deleted"]!);
        Assert.Equal(["ours", "theirs"], (await store.ListAsync().TakeAsync(9)).Select(o => o.Name));
    }

    private async Task GoBothWaysAsync(long size)
    {
        var (original, theirs, ours) = (Path.Combine(folder, "original"), Path.Combine(folder, "theirs"), Path.Combine(folder, "ours"));
        var digest = await WriteRandomAsync(original, size);

        var known = await NodeAsync("put", "m/from node.gguf", original);
        Assert.Equal(digest, (string?)known["digest"]);
        ObjectMetadata info;
        await using (var file = File.Create(ours)) info = await store.GetAsync("m/from node.gguf", file);
        Assert.Equal((digest, size, "from node", "node"), (info.Digest, info.Size, info.Description, info.Metadata!["by"]));
        Assert.Equal(digest, await DigestAsync(ours));

        await using (var file = File.OpenRead(original)) info = await store.PutAsync("m/from here.gguf", file);
        Assert.Equal((digest, size), (info.Digest, info.Size));
        known = await NodeAsync("get", "m/from here.gguf", theirs);
        Assert.Equal((digest, size), ((string?)known["digest"], (long)known["size"]!));
        Assert.Equal(digest, await DigestAsync(theirs));
    }

    private async Task<JsonNode> NodeAsync(string action, string name, string file)
    {
        await using var script = NodeScript.Start("objects", shared.Server, action, bucket, name, file);
        return (await script.FinishAsync(TimeSpan.FromMinutes(5)))!;
    }

    private static async Task<string> WriteRandomAsync(string path, long size)
    {
        var block = new byte[MiB];
        var random = new Random(5);
        await using (var file = File.Create(path))
            for (var rest = size; rest > 0; rest -= block.Length)
            {
                random.NextBytes(block);
                await file.WriteAsync(block.AsMemory(0, (int)Math.Min(rest, block.Length)));
            }

        return await DigestAsync(path);
    }

    private static async Task<string> DigestAsync(string path)
    {
        await using var file = File.OpenRead(path);
        return "SHA-256=" + Convert.ToBase64String(await SHA256.HashDataAsync(file)).Replace('+', '-').Replace('/', '_');
    }
}
