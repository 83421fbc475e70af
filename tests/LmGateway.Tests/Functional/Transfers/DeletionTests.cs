using System.Text.Json;
using LmStudio.Simulator.Engine;
using Xunit;
using static LmGateway.Tests.Functional.Transfers.PullTests;

namespace LmGateway.Tests.Functional.Transfers;

/// <summary>Models are deleted: their own files, all of them, and nothing else.</summary>
public sealed class DeletionTests
{
    private const string Granite = "granite-3.0-2b-instruct";

    [Fact]
    [Trait("req", "S0-28")]
    [Trait("req", "S0-30")]
    [Trait("req", "S0-31")]
    public async Task A_model_is_unloaded_and_its_folder_goes_with_the_publishers_that_is_empty_then()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", $$"""{"modelKey":"{{Granite}}","instanceId":"one"}""");
        await gateway.PostJsonAsync("/admin/models/load", $$"""{"modelKey":"{{Granite}}","instanceId":"two"}""");
        var root = gateway.Simulator.State.Models.Root;
        var others = Files(root).Where(file => !file.Contains("granite", StringComparison.Ordinal)).ToList();
        var (status, body) = await DeleteAsync(gateway, Granite);
        Assert.True(status == 200, body.GetRawText());
        Assert.Equal(("deleted", Granite, $"{root}/ibm-granite/{Granite}"), (Text(body, "status"), Text(body, "modelKey"), Text(body, "deletedDir")));
        Assert.Equal(["one", "two"], body.GetProperty("unloaded").EnumerateArray().Select(item => item.GetString()).Order());
        Assert.False(Directory.Exists($"{root}/ibm-granite"));
        Assert.Equal(others, Files(root));
        Assert.Empty(gateway.Simulator.State.Instances.All);
        Assert.DoesNotContain(Granite, (await gateway.GetJsonAsync("/admin/models")).Body.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(404, (await DeleteAsync(gateway, Granite)).Status);
    }

    [Fact]
    [Trait("req", "S0-33")]
    public async Task The_true_files_go_where_the_folder_is_not_called_as_the_model_is()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (_, body) = await DeleteAsync(gateway, "qwen3-vl-4b-instruct");
        Assert.EndsWith("/lmstudio-community/Qwen3-VL-4B-Instruct-GGUF", Text(body, "deletedDir"), StringComparison.Ordinal);
        (_, body) = await DeleteAsync(gateway, "qwen%2Fqwen3-4b-2507");
        Assert.EndsWith("/qwen/qwen3-4b-2507", Text(body, "deletedDir"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_a_folder_that_holds_others_too_only_the_models_own_files_go()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var folder = Path.Combine(gateway.Simulator.State.Models.Root, "acme", "twins-GGUF");
        Directory.CreateDirectory(folder);
        foreach (var name in (string[])["a-Q4_K_M.gguf", "a-Q8_0.gguf", "mmproj-a.gguf", "notes.txt"]) await File.WriteAllTextAsync(Path.Combine(folder, name), new string('x', 100));
        var (status, body) = await DeleteAsync(gateway, "twins@q4_k_m");
        Assert.True(status == 200, body.GetRawText());
        Assert.Equal(["a-Q8_0.gguf", "mmproj-a.gguf", "notes.txt"], Files(folder).Select(Path.GetFileName));
        Assert.Equal(100, body.GetProperty("freedBytes").GetInt64());
        (status, _) = await DeleteAsync(gateway, "twins");
        Assert.Equal(200, status);
        Assert.False(Directory.Exists(Path.GetDirectoryName(folder)));
    }

    [Theory]
    [InlineData("granite")]
    [InlineData("..")]
    [InlineData("%2E%2E%2F%2E%2E")]
    [InlineData("*")]
    [InlineData("ibm-granite")]
    public async Task A_part_of_a_name_or_a_path_deletes_nothing(string name)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var before = Files(gateway.Simulator.State.Models.Root);
        var (status, _) = await DeleteAsync(gateway, name);
        Assert.True(status is 404 or 405, $"{status}");
        Assert.Equal(before, Files(gateway.Simulator.State.Models.Root));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_model_behind_a_link_that_leads_out_is_refused_and_stays(bool wholeFolder)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var outside = Directory.CreateTempSubdirectory("lmgateway-outside-");
        try
        {
            var file = Path.Combine(outside.FullName, "model.gguf");
            await File.WriteAllTextAsync(file, "weights");
            var publisher = Directory.CreateDirectory(Path.Combine(gateway.Simulator.State.Models.Root, "acme")).FullName;
            if (wholeFolder) Directory.CreateSymbolicLink(Path.Combine(publisher, "linked"), outside.FullName);
            else File.CreateSymbolicLink(Path.Combine(Directory.CreateDirectory(Path.Combine(publisher, "linked")).FullName, "model.gguf"), file);
            var (status, body) = await DeleteAsync(gateway, "linked");
            Assert.Equal(403, status);
            Assert.Contains("is not inside the models folder", Text(body, "error"), StringComparison.Ordinal);
            Assert.Equal("weights", await File.ReadAllTextAsync(file));
        }
        finally
        {
            outside.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Files_that_are_not_on_this_machine_are_not_guessed_at()
    {
        var elsewhere = Directory.CreateTempSubdirectory("lmgateway-elsewhere-");
        try
        {
            await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { LmStudio = options.LmStudio with { ModelsDir = elsewhere.FullName } });
            var (status, body) = await DeleteAsync(gateway, Granite);
            Assert.Equal(404, status);
            Assert.Contains("lmstudio.models_dir (LMSTUDIO_MODELS_DIR) says where LM Studio keeps its models", Text(body, "error"), StringComparison.Ordinal);
        }
        finally
        {
            elsewhere.Delete(recursive: true);
        }
    }

    [Fact]
    [Trait("req", "S0-27")]
    public async Task A_model_that_is_answering_stays_unless_that_is_forced()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            options => options with { TokensPerSecond = 20 }, options => options with { Scheduling = options.Scheduling with { UnloadWaitSeconds = 0 } });
        using var reply = await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(Granite, "count to 100000", "\"stream\":true"));
        await Eventually.TrueAsync(() => gateway.Simulator.State.Counters.OpenStreams == 1, "the stream runs");
        var (status, _) = await DeleteAsync(gateway, Granite);
        Assert.Equal(409, status);
        Assert.True(Directory.Exists(Path.Combine(gateway.Simulator.State.Models.Root, "ibm-granite")));
        (status, _) = await DeleteAsync(gateway, Granite + "?force=true");
        Assert.Equal(200, status);
        Assert.False(Directory.Exists(Path.Combine(gateway.Simulator.State.Models.Root, "ibm-granite")));
    }

    [Fact]
    [Trait("req", "S0-32")]
    public async Task A_model_that_LM_Studio_does_not_know_is_not_found()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, body) = await DeleteAsync(gateway, "no/such-model");
        Assert.Equal((404, "Model not found: no/such-model"), (status, Text(body, "error")));
    }

    private static List<string> Files(string folder) => [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static async Task<(int Status, JsonElement Body)> DeleteAsync(GatewayUnderTest gateway, string key)
    {
        using var reply = await gateway.Http.DeleteAsync(new Uri(gateway.Address + "admin/models/" + key, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        return ((int)reply.StatusCode, JsonElement.Parse(await reply.Content.ReadAsStringAsync()));
    }
}
