using System.Text.Json;
using LmGateway.Configuration;
using LmGateway.Tests.Functional.Keys;
using Ollama.StandIn;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>LM Studio's own lists of models where no LM Studio is behind the gateway: the catalog, in LM Studio's form.</summary>
public sealed class NativeListsTests
{
    private const string Llama = "llama3.2:3b";

    [Fact]
    public async Task The_older_list_and_its_single_models_are_the_catalogs()
    {
        await using var ollama = await OllamaServer.StartAsync(new StandInOptions { Models = [Llama, "qwen3:4b"] });
        await using var gateway = await StartAsync(ollama);
        var list = await GetAsync(gateway, "/api/v0/models");
        Assert.Equal("list", list.GetProperty("object").GetString());
        var model = list.GetProperty("data").EnumerateArray().Single(each => each.GetProperty("id").GetString() == Llama);
        Assert.Equal(("model", "llm", "not-loaded"), (model.GetProperty("object").GetString(), model.GetProperty("type").GetString(), model.GetProperty("state").GetString()));

        Assert.Equal(200, (await gateway.PostJsonAsync(InferenceApi.Chat, GatewayUnderTest.ChatBody(Llama, "hello"))).Status);
        await Eventually.TrueAsync(async () => (await GetAsync(gateway, "/api/v0/models/" + Llama)).GetProperty("state").GetString() == "loaded", "the model is shown as loaded");
        using var missing = await gateway.Http.GetAsync("/api/v0/models/nothing-of-that-name");
        Assert.Equal(404, (int)missing.StatusCode);
    }

    [Fact]
    public async Task The_newer_list_has_every_member_that_clients_read()
    {
        await using var ollama = await OllamaServer.StartAsync(new StandInOptions { Models = [Llama] });
        await using var gateway = await StartAsync(ollama);
        Assert.Equal(200, (await gateway.PostJsonAsync(InferenceApi.Chat, GatewayUnderTest.ChatBody(Llama, "hello"))).Status);
        await Eventually.TrueAsync(async () => Single(await GetAsync(gateway, "/api/v1/models")).GetProperty("loaded_instances").GetArrayLength() == 1, "the instance is listed");
        var model = Single(await GetAsync(gateway, "/api/v1/models"));
        string[] members = ["type", "publisher", "key", "display_name", "architecture", "quantization", "size_bytes", "params_string", "loaded_instances", "max_context_length", "format", "capabilities", "description"];
        Assert.All(members, name => Assert.True(model.TryGetProperty(name, out _), name));
        Assert.Equal(("llm", Llama), (model.GetProperty("type").GetString(), model.GetProperty("key").GetString()));
        Assert.Equal(JsonValueKind.Object, model.GetProperty("loaded_instances")[0].GetProperty("config").ValueKind);
    }

    [Fact]
    public async Task A_key_for_some_models_sees_no_other()
    {
        await using var ollama = await OllamaServer.StartAsync(new StandInOptions { Models = [Llama, "qwen3:4b"] });
        await using var gateway = await StartAsync(ollama, options => KeyedGateway.With(options, $"app models={Llama}"));
        var (status, list) = await gateway.AskAsync("app", HttpMethod.Get, "/api/v1/models");
        Assert.Equal((200, Llama), (status, Single(list).GetProperty("key").GetString()));
        Assert.Equal(403, (await gateway.AskAsync("app", HttpMethod.Get, "/api/v0/models/qwen3:4b")).Status);
    }

    private static Task<GatewayUnderTest> StartAsync(OllamaServer ollama, Func<GatewayOptions, GatewayOptions>? configure = null) =>
        GatewayUnderTest.StartAgainstAsync(ollama.Address, options => (configure ?? (given => given))(options with { Backends = [$"ollama@{ollama.Address}"] }));

    private static JsonElement Single(JsonElement list) => list.GetProperty("models").EnumerateArray().Single();

    private static async Task<JsonElement> GetAsync(GatewayUnderTest gateway, string path) => JsonElement.Parse(await gateway.Http.GetStringAsync(path));
}
