using System.Text.Json;
using LeanNats.JetStream;
using LeanNats.ObjectStore;
using LmGateway.Tests.Functional.Nats;
using LmGateway.Tests.Functional.Transfers;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>Every request that the NATS service's document prints, sent as it is printed, and every reply, compared with what comes.</summary>
public sealed class NatsServiceExamplesTests
{
    private const string List = "1. `lmstudio.list_models`";
    private const string Pull = "2. `lmstudio.pull_model`";
    private const string Delete = "3. `lmstudio.delete_model`";
    private const string Chat = "4. `lmstudio.chat_model`";
    private const string Sync = "`lmstudio.sync_model_from_bucket`";
    private const string Model = "meta-llama/Meta-Llama-3-8B-Instruct";

    [Fact]
    [Example(SourceDocument.NatsServiceFile, List + " #1")]
    [Example(SourceDocument.NatsServiceFile, List + " #2")]
    [Trait("req", "S0-62")]
    public async Task The_list()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var reply = await RunAsync(nats, List + " #2");
        AssertHolds(SourceDocument.NatsService[List + " #1"].Replace("\"...\": \"...\"", "\"id\": \"granite-3.0-2b-instruct\"", StringComparison.Ordinal), reply);
    }

    [Fact]
    [Example(SourceDocument.NatsServiceFile, Pull + " #1")]
    [Example(SourceDocument.NatsServiceFile, Pull + " #2")]
    [Example(SourceDocument.NatsServiceFile, Pull + " #4")]
    public async Task The_pull()
    {
        using var lms = new SimulatedLms();
        await using var nats = await NatsUnderTest.StartAsync(configure: options => options with { LmStudio = options.LmStudio with { LmsPath = lms.Path } });
        var reply = await RunAsync(nats, Pull + " #4");
        AssertHolds(SourceDocument.NatsService[Pull + " #2"].Replace("stdout/stderr from `lms get` ...", "…", StringComparison.Ordinal), reply);
        Assert.StartsWith($"get {Model} ", Assert.Single(lms.Calls), StringComparison.Ordinal);
        AssertHolds(SourceDocument.NatsService[Pull + " #1"], JsonElement.Parse(NatsCommand.All(SourceDocument.NatsService[Pull + " #4"])[0].Payload));
    }

    [Fact]
    [Example(SourceDocument.NatsServiceFile, Pull + " #3")]
    public async Task The_pull_that_fails()
    {
        await using var nats = await NatsUnderTest.StartAsync(prepare: studio => studio.Faults.Add(new Fault { Kind = FaultKind.DownloadFailed }));
        var reply = await RunAsync(nats, Pull + " #4");
        AssertHolds(SourceDocument.NatsService[Pull + " #3"].Replace("stdout/stderr from lms ...", "…", StringComparison.Ordinal).Replace("'lms get ...': ...", "…", StringComparison.Ordinal), reply);
        Assert.StartsWith($"erro ao executar 'lms get {Model}': ", reply.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    [Example(SourceDocument.NatsServiceFile, Delete + " #1")]
    [Example(SourceDocument.NatsServiceFile, Delete + " #2")]
    [Example(SourceDocument.NatsServiceFile, Delete + " #3")]
    [Example(SourceDocument.NatsServiceFile, Delete + " #4")]
    public async Task The_deletion_and_one_of_what_is_gone()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var folder = Path.Combine(nats.Gateway.Simulator.State.Models.Root, "ibm-granite/granite-3.0-2b-instruct");
        var here = SourceDocument.NatsService[Delete + " #2"].Replace("/home/user/.lmstudio/models/ibm-granite/granite-3.0-2b-instruct", folder, StringComparison.Ordinal);
        AssertHolds(here, await RunAsync(nats, Delete + " #4"));
        Assert.False(Directory.Exists(folder));
        var gone = SourceDocument.NatsService[Delete + " #3"].Replace("modelo ...", "modelo granite-3.0-2b-instruct", StringComparison.Ordinal);
        AssertHolds(gone.Replace("/home/user/.lmstudio/models/ibm-granite/granite-3.0-2b-instruct", "…", StringComparison.Ordinal), await RunAsync(nats, Delete + " #4"));
        AssertHolds(SourceDocument.NatsService[Delete + " #1"], JsonElement.Parse(NatsCommand.All(SourceDocument.NatsService[Delete + " #4"])[0].Payload));
    }

    [Fact]
    [Example(SourceDocument.NatsServiceFile, Chat + " #1")]
    [Example(SourceDocument.NatsServiceFile, Chat + " #2")]
    [Example(SourceDocument.NatsServiceFile, Chat + " #3")]
    public async Task The_chat()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var reply = await RunAsync(nats, Chat + " #3");
        Assert.Contains("Explique rapidamente o que é o LM Studio.", reply.GetProperty("data").GetProperty("response").GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), StringComparison.Ordinal);
        var printed = SourceDocument.NatsService[Chat + " #2"].Replace("chatcmpl-...", "…", StringComparison.Ordinal).Replace("\"...\"", "\"…\"", StringComparison.Ordinal);
        AssertHolds(printed, reply);
        var second = await nats.AskAsync("chat_model", SourceDocument.NatsService[Chat + " #1"]);
        AssertHolds(printed, second);
    }

    [Fact]
    [Example(SourceDocument.NatsServiceFile, "JetStream Object Store (File Bucket) for Models (Optional Design) #2")]
    [Example(SourceDocument.NatsServiceFile, Sync + " #1")]
    [Example(SourceDocument.NatsServiceFile, Sync + " #2")]
    [Example(SourceDocument.NatsServiceFile, Sync + " #4")]
    [Trait("req", "S0-04")]
    [Trait("req", "S0-46")]
    public async Task The_copy_out_of_the_bucket()
    {
        await using var nats = await NatsUnderTest.StartAsync(jetStream: true);
        var store = await new NatsObjContext(new NatsJSContext(nats.Caller)).CreateObjectStoreAsync("llm-models");
        await store.PutAsync($"{Model}/model.gguf", new MemoryStream(new byte[300_000]));
        var root = nats.Gateway.Simulator.State.Models.Root;
        Assert.Contains("$LMSTUDIO_MODELS_DIR/<publisher>/<model_dir>/model.gguf", SourceDocument.NatsService[Sync + " #2"], StringComparison.Ordinal);
        var printed = SourceDocument.NatsService[Sync + " #4"].Replace("/home/user/.lmstudio/models", root, StringComparison.Ordinal);
        AssertHolds(printed, await nats.AskAsync("sync_model_from_bucket", SourceDocument.NatsService[Sync + " #1"]));
        Assert.Equal(300_000, new FileInfo($"{root}/{Model}/model.gguf").Length);
    }

    private static async Task<JsonElement> RunAsync(NatsUnderTest nats, string example) =>
        JsonElement.Parse(await Assert.Single(NatsCommand.All(SourceDocument.NatsService[example])).RunAsync(nats));

    /// <summary>What is printed is there, with these values but for numbers; there may be more. <c>…</c> stands for anything.</summary>
    private static void AssertHolds(string printed, JsonElement actual) => AssertHolds(JsonElement.Parse(printed), actual, "");

    private static void AssertHolds(JsonElement printed, JsonElement actual, string at)
    {
        if (printed.ValueKind == JsonValueKind.String && printed.GetString()!.Contains('…', StringComparison.Ordinal)) return;
        Assert.True(printed.ValueKind == actual.ValueKind, $"{at}: {actual.GetRawText()}");
        if (printed.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in printed.EnumerateObject())
            {
                Assert.True(actual.TryGetProperty(member.Name, out var found), $"{at}.{member.Name} is missing in {actual.GetRawText()}");
                AssertHolds(member.Value, found, $"{at}.{member.Name}");
            }
        }
        else if (printed.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in printed.EnumerateArray()) Assert.Contains(actual.EnumerateArray(), other => Holds(item, other));
        }
        else if (printed.ValueKind != JsonValueKind.Number)
        {
            Assert.Equal(printed.GetRawText(), actual.GetRawText());
        }
    }

    private static bool Holds(JsonElement printed, JsonElement actual)
    {
        try
        {
            AssertHolds(printed, actual, "");
            return true;
        }
        catch (Xunit.Sdk.XunitException)
        {
            return false;
        }
    }
}
