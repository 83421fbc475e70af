using System.Runtime.InteropServices;
using System.Text.Json;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>What survives a restart of the real program, and what does not hinder one.</summary>
public sealed class RestartTests : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("lmgateway-test-");
    private SimulatorServer? simulator;

    private string StateFile => Path.Combine(folder.FullName, "active-model.json");

    private string[] Arguments => ["--port", "0", "--set", $"lmstudio.base_url={simulator!.Address}"];

    public async ValueTask InitializeAsync() => simulator = await SimulatorServer.StartAsync(new SimulatorOptions { LoadTime = TimeSpan.Zero, TokensPerSecond = 0 });

    public async ValueTask DisposeAsync()
    {
        await simulator!.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task The_active_model_and_its_parameters_survive()
    {
        await using (var first = await GatewayProcess.StartAsync(folder.FullName, Arguments))
        {
            await AskAsync(first, "/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary","defaultInference":{"maxTokens":7}}""", 200);
            Assert.Equal(0, await first.EndAsync(PosixSignal.SIGTERM));
        }

        await using var second = await GatewayProcess.StartAsync(folder.FullName, Arguments);
        var body = await AskAsync(second, InferenceApi.Chat, """{"messages":[{"role":"user","content":"count to 50"}]}""", 200);
        Assert.Equal("primary", body.GetProperty("model").GetString());
        Assert.Equal(7, body.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        await AskAsync(second, "/admin/models/unload", """{"modelKey":"qwen2-1.5b-instruct"}""", 200);
        Assert.False(File.Exists(StateFile));
    }

    [Fact]
    public async Task A_damaged_state_file_is_told_of_at_the_start_and_the_service_starts()
    {
        await File.WriteAllTextAsync(StateFile, "{\"modelKey\":");
        await using var program = await GatewayProcess.StartAsync(folder.FullName, Arguments);
        await Eventually.TrueAsync(() => program.Errors.Contains("active-model.json was damaged", StringComparison.Ordinal), "the log says so");
        Assert.Contains(" warn  StateFolder: ", program.Errors);
        var refused = await AskAsync(program, InferenceApi.Chat, """{"messages":[{"role":"user","content":"hi"}]}""", 400);
        Assert.Equal("model_required", refused.GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[1,2]")]
    [InlineData("{\"modelKey\":7}")]
    [InlineData("{\"modelKey\":\"\"}")]
    [InlineData("{\"modelKey\":\"x\",\"defaults\":[]}")]
    [InlineData("null")]
    [InlineData("\u0000\u0001")]
    public async Task Damage_of_any_kind_is_set_aside_and_a_new_active_model_takes_its_place(string content)
    {
        await File.WriteAllTextAsync(StateFile, content);
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(simulator!.Address.ToString(), options => options with { StateDir = folder.FullName });
        Assert.Equal(content, await File.ReadAllTextAsync(StateFile + ".damaged"));
        Assert.False(File.Exists(StateFile));
        Assert.Equal(200, (await gateway.PostJsonAsync("/admin/models/activate", """{"modelKey":"qwen2-1.5b-instruct"}""")).Status);
        Assert.Equal(200, (await gateway.PostJsonAsync(InferenceApi.Chat, """{"messages":[{"role":"user","content":"hi"}]}""")).Status);
        Assert.Contains("qwen2-1.5b-instruct", await File.ReadAllTextAsync(StateFile));
    }

    [Fact]
    public async Task A_state_folder_that_cannot_be_written_to_costs_only_the_memory()
    {
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "not-a-folder"), "");
        await using var program = await GatewayProcess.StartAsync(folder.FullName, [.. Arguments, "--set", $"state_dir={Path.Combine(folder.FullName, "not-a-folder")}"]);
        await AskAsync(program, "/admin/models/activate", """{"modelKey":"qwen2-1.5b-instruct"}""", 200);
        await AskAsync(program, InferenceApi.Chat, """{"messages":[{"role":"user","content":"hi"}]}""", 200);
        await Eventually.TrueAsync(() => program.Errors.Contains("not remembered across a restart", StringComparison.Ordinal), "the log says so");
    }

    private static async Task<JsonElement> AskAsync(GatewayProcess program, string path, string json, int expected)
    {
        using var response = await program.Http.SendAsync(GatewayUnderTest.Request(path, json));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(expected == (int)response.StatusCode, text);
        return JsonElement.Parse(text);
    }
}
