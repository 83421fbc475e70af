using System.Security.Cryptography;
using System.Text.Json;
using LeanNats.Tests.Servers;
using LmGateway.Configuration;
using LmGateway.Nats;
using LmGateway.Serving.Models;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static LmGateway.Tests.Functional.Transfers.PullTests;

namespace LmGateway.Tests.Functional.Transfers;

/// <summary>Models come out of the repository and go into it, on a real nats-server.</summary>
public sealed class SyncTests : IAsyncLifetime
{
    private const string Name = "meta-llama/Meta-Llama-3-8B-Instruct/model.gguf";

    private readonly byte[] content = RandomNumberGenerator.GetBytes(1_000_000);
    private ModelRepository repository = null!;

    public async ValueTask InitializeAsync() => repository = await ModelRepository.StartAsync();

    public ValueTask DisposeAsync() => repository.DisposeAsync();

    [Fact]
    [Trait("req", "S0-41")]
    [Trait("req", "S0-42")]
    [Trait("req", "S0-44")]
    [Trait("req", "S0-46")]
    public async Task The_documents_request_puts_the_file_where_LM_Studio_finds_it()
    {
        await using var gateway = await StartAsync();
        await repository.PutAsync(Name, content);
        var (status, job) = await SyncAsync(gateway, """{"bucket":"llm-models","object_name":"meta-llama/Meta-Llama-3-8B-Instruct/model.gguf","publisher":"meta-llama","model_dir":"Meta-Llama-3-8B-Instruct","wait":true}""");
        Assert.True(status == 200, job.GetRawText());
        var path = Path.Combine(gateway.Simulator.State.Models.Root, Name);
        Assert.Equal(path, Text(job.GetProperty("result"), "localPath"));
        Assert.Equal(content, await File.ReadAllBytesAsync(path));
        Assert.Equal(("done", 1_000_000, 1_000_000), (Text(job, "state"), job.GetProperty("bytes").GetInt64(), job.GetProperty("total").GetInt64()));
        Assert.Single(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!));
        Assert.Contains((await gateway.GetJsonAsync("/admin/models")).Body.GetProperty("downloaded").EnumerateArray(), model => Text(model, "path") == "meta-llama-3-8b-instruct");

        (_, job) = await SyncAsync(gateway, """{"objectName":"meta-llama/Meta-Llama-3-8B-Instruct/model.gguf","wait":true}""");
        Assert.True(job.GetProperty("result").GetProperty("wasThere").GetBoolean());
    }

    [Fact]
    [Trait("req", "S0-47")]
    public async Task The_file_bears_the_last_part_of_the_objects_name_in_the_folders_that_were_asked_for()
    {
        await using var gateway = await StartAsync();
        await repository.PutAsync("weights-Q4_K_M.gguf", content);
        var (_, job) = await SyncAsync(gateway, """{"objectName":"weights-Q4_K_M.gguf","publisher":"acme","modelDir":"tiny-GGUF","wait":true}""");
        Assert.Equal(Path.Combine(gateway.Simulator.State.Models.Root, "acme/tiny-GGUF/weights-Q4_K_M.gguf"), Text(job.GetProperty("result"), "localPath"));
        Assert.Equal(200, (await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody("tiny", "hi"))).Status);
    }

    [Fact]
    public async Task The_name_of_a_model_stands_for_all_its_files()
    {
        await using var gateway = await StartAsync();
        foreach (var file in (string[])["a-00001-of-00002.gguf", "a-00002-of-00002.gguf", "mmproj-a.gguf"]) await repository.PutAsync("acme/split/" + file, content);
        await repository.PutAsync("acme/split-other/b.gguf", content);
        var (status, job) = await SyncAsync(gateway, """{"objectName":"acme/split","wait":true}""");
        Assert.True(status == 200, job.GetRawText());
        var folder = Path.Combine(gateway.Simulator.State.Models.Root, "acme/split");
        Assert.Equal(folder, Text(job.GetProperty("result"), "localPath"));
        Assert.Equal(3, Directory.EnumerateFiles(folder).Count(file => new FileInfo(file).Length == content.Length));
        Assert.Equal(3_000_000, job.GetProperty("total").GetInt64());
        Assert.False(Directory.Exists(Path.Combine(gateway.Simulator.State.Models.Root, "acme/split-other")));
    }

    [Theory]
    [InlineData("""{}""", 400)]
    [InlineData("""{"objectName":"../../../etc/passwd"}""", 400)]
    [InlineData("""{"objectName":"a/b/.."}""", 400)]
    [InlineData("""{"objectName":"model.gguf"}""", 400)]
    [InlineData("""{"objectName":"model.gguf","publisher":"..","modelDir":"b"}""", 400)]
    [InlineData("""{"objectName":"model.gguf","publisher":"a","modelDir":"b/../../.."}""", 400)]
    [InlineData("""{"objectName":"a/b/c.gguf","bucket":"no.bucket"}""", 400)]
    [InlineData("""{"objectName":"a/b/c.gguf","bucket":"nowhere"}""", 404)]
    [InlineData("""{"objectName":"a/b/c.gguf"}""", 404)]
    [InlineData("""{"objectName":"a/b"}""", 404)]
    public async Task What_cannot_be_or_is_not_there_is_refused_and_leaves_nothing(string body, int expected)
    {
        await using var gateway = await StartAsync();
        var before = Everything(gateway);
        var (status, error) = await SyncAsync(gateway, body == "{}" ? body : body.Replace("{", "{\"wait\":true,", StringComparison.Ordinal));
        Assert.True(status == expected, $"{status} {error.GetRawText()}");
        Assert.Equal(before, Everything(gateway));
    }

    [Fact]
    public async Task An_object_whose_content_is_not_what_its_digest_says_never_becomes_a_file()
    {
        await using var gateway = await StartAsync();
        var info = await repository.PutAsync(Name, content);
        await repository.TamperAsync(info, meta => meta.GetRawText().Replace(info.Digest!, "SHA-256=" + new string('A', 43) + "=", StringComparison.Ordinal));
        var (status, error) = await SyncAsync(gateway, $$"""{"objectName":"{{Name}}","wait":true}""");
        Assert.Equal(500, status);
        Assert.Contains("arrived damaged", Text(error, "error"), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(Path.Combine(gateway.Simulator.State.Models.Root, Name))!));
    }

    [Fact]
    public async Task An_object_that_the_disk_has_no_room_for_is_refused_before_anything_is_fetched()
    {
        await using var gateway = await StartAsync();
        var info = await repository.PutAsync(Name, content);
        await repository.TamperAsync(info, meta => meta.GetRawText().Replace("\"size\":1000000", "\"size\":1000000000000000000", StringComparison.Ordinal));
        var (status, error) = await SyncAsync(gateway, $$"""{"objectName":"{{Name}}","wait":true}""");
        Assert.Equal(507, status);
        Assert.Contains("1000000000000000000 bytes are needed", Text(error, "error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_beginning_that_is_damaged_is_fetched_again()
    {
        await using var gateway = await StartAsync();
        var info = await repository.PutAsync(Name, content);
        var path = Path.Combine(gateway.Simulator.State.Models.Root, Name);
        using (var partial = PartialFile.Open(path, $"{ModelRepository.Bucket} {info.Nuid} {info.Digest!.TrimEnd('=')}")) await partial.Content.WriteAsync(new byte[300_000]);
        var (status, job) = await SyncAsync(gateway, $$"""{"objectName":"{{Name}}","wait":true}""");
        Assert.True(status == 200, job.GetRawText());
        Assert.Equal(0, job.GetProperty("result").GetProperty("resumed").GetInt64());
        Assert.Equal(content, await File.ReadAllBytesAsync(path));
    }

    [Fact]
    public async Task A_beginning_from_an_earlier_attempt_is_not_fetched_again()
    {
        await using var gateway = await StartAsync();
        var info = await repository.PutAsync(Name, content);
        var path = Path.Combine(gateway.Simulator.State.Models.Root, Name);
        using (var partial = PartialFile.Open(path, $"{ModelRepository.Bucket} {info.Nuid} {info.Digest!.TrimEnd('=')}")) await partial.Content.WriteAsync(content.AsMemory(0, 300_001));
        var (_, job) = await SyncAsync(gateway, $$"""{"objectName":"{{Name}}","wait":true}""");
        Assert.Equal(300_001, job.GetProperty("result").GetProperty("resumed").GetInt64());
        Assert.Equal(content, await File.ReadAllBytesAsync(path));
    }

    [Fact]
    public async Task Without_NATS_or_without_JetStream_the_answer_says_so()
    {
        await using var plain = await NatsServer.StartAsync();
        await using (var gateway = await StartAsync(options => options with { Nats = new NatsOptions { Url = plain.Url, IsConfigured = true } }))
        {
            var (status, error) = await SyncAsync(gateway, $$"""{"objectName":"{{Name}}","wait":true}""");
            Assert.Equal(503, status);
            Assert.Contains("JetStream", Text(error, "error"), StringComparison.Ordinal);
        }

        await using (var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Nats = new NatsOptions { Url = NatsOptions.Off } }))
        {
            var (status, error) = await gateway.PostJsonAsync("/admin/models/sync", $$"""{"objectName":"{{Name}}","wait":true}""");
            Assert.Equal((503, "NATS is off, and the model repository is there. Name a server in nats.url (NATS_URL)."), (status, Text(error, "error")));
        }
    }

    [Fact]
    public async Task A_published_model_is_what_another_machine_gets()
    {
        await using var gateway = await StartAsync();
        var (status, job) = await gateway.PostJsonAsync("/admin/models/publish", """{"modelKey":"granite-3.0-2b-instruct","bucket":"new-bucket","wait":true}""");
        Assert.True(status == 200, job.GetRawText());
        var name = Assert.Single(job.GetProperty("result").GetProperty("objects").EnumerateArray()).GetString()!;
        Assert.Equal("ibm-granite/granite-3.0-2b-instruct/granite-3.0-2b-instruct-Q4_K_M.gguf", name);
        Assert.Empty(job.GetProperty("result").GetProperty("unchanged").EnumerateArray());
        (_, job) = await gateway.PostJsonAsync("/admin/models/publish", """{"modelKey":"granite-3.0-2b-instruct","bucket":"new-bucket","wait":true}""");
        Assert.Equal(name, Assert.Single(job.GetProperty("result").GetProperty("unchanged").EnumerateArray()).GetString());

        await using var other = await GatewayUnderTest.StartAsync(options => options with { Stocked = false }, options => options with { Nats = new NatsOptions { Url = repository.Server.Url, IsConfigured = true } });
        await Eventually.TrueAsync(() => other.Services.GetRequiredService<NatsLink>().State.IsConnected, "it is connected");
        (status, job) = await other.PostJsonAsync("/admin/models/sync", """{"objectName":"ibm-granite/granite-3.0-2b-instruct","bucket":"new-bucket","wait":true}""");
        Assert.True(status == 200, job.GetRawText());
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(gateway.Simulator.State.Models.Root, name)), await File.ReadAllBytesAsync(Text(job.GetProperty("result"), "localPath")));
        Assert.Equal(200, (await other.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody("granite-3.0-2b-instruct", "hi"))).Status);
    }

    [Fact]
    [Trait("req", "S0-48")]
    public async Task An_import_is_made_only_when_asked_for_and_leaves_the_file_in_place()
    {
        using var lms = new SimulatedLms();
        await using var gateway = await StartAsync(options => options with { LmStudio = options.LmStudio with { LmsPath = lms.Path } });
        await repository.PutAsync(Name, content);
        await SyncAsync(gateway, $$"""{"objectName":"{{Name}}","wait":true}""");
        Assert.Empty(lms.Calls);
        var (status, job) = await SyncAsync(gateway, $$"""{"objectName":"{{Name}}","import":true,"wait":true}""");
        Assert.True(status == 200, job.GetRawText());
        var path = Path.Combine(gateway.Simulator.State.Models.Root, Name);
        Assert.Equal($"import {path} --user-repo meta-llama/Meta-Llama-3-8B-Instruct --hard-link --yes", Assert.Single(lms.Calls));
        Assert.True(File.Exists(path));
    }

    private static string[] Everything(GatewayUnderTest gateway) => [.. Directory.EnumerateFileSystemEntries(gateway.Simulator.State.Models.Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private async Task<GatewayUnderTest> StartAsync(Func<GatewayOptions, GatewayOptions>? configure = null)
    {
        var gateway = await repository.GatewayAsync(configure);
        await Eventually.TrueAsync(() => gateway.Services.GetRequiredService<NatsLink>().State.IsConnected, "the gateway is connected to NATS");
        return gateway;
    }

    private static Task<(int Status, JsonElement Body)> SyncAsync(GatewayUnderTest gateway, string body) => gateway.PostJsonAsync("/admin/models/sync", body);
}
