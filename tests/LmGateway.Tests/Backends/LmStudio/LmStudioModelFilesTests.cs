using LmGateway.Backends.LmStudio;
using LmStudio.Client;
using LmStudio.Client.Wire;
using Xunit;

namespace LmGateway.Tests.Backends.LmStudio;

/// <summary>Where a model's files are, by each of the sources that LM Studio keeps.</summary>
public sealed class LmStudioModelFilesTests : IAsyncDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("lmgateway-home-").FullName;
    private readonly LmStudioClient client = new();
    private readonly LmStudioModelFiles files;

    public LmStudioModelFilesTests() =>
        files = new LmStudioModelFiles(new LmStudioHomestead("node", "lmstudio", new Uri("http://127.0.0.1:9"), null) { Folder = home }, client, Path.Combine(home, "models"));

    public async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public void The_path_of_the_list_counts_where_something_lies_there()
    {
        var file = Write("models/nomic-ai/nomic-GGUF/nomic.gguf");
        Assert.Equal([file], files.Find(Model("nomic", "nomic-ai/nomic-GGUF/nomic.gguf"), "nomic"));
    }

    [Fact]
    public void A_model_of_the_hub_is_found_in_LM_Studios_index()
    {
        var (one, other) = (Write("models/lmstudio-community/Qwen3-4B-GGUF/Qwen3-4B-Q4_K_M.gguf"), Write("models/x/y/other.gguf"));
        Write(".internal/model-index-cache.json", $$$"""
            {"models":[{"defaultIdentifier":"qwen/qwen3-4b","indexedModelIdentifier":"lmstudio-community/Qwen3-4B-GGUF/Qwen3-4B-Q4_K_M.gguf","entryPoint":{"absPath":"{{{one}}}"}},
                       {"defaultIdentifier":"other","entryPoint":{"absPath":"{{{other}}}"}}, 7, {"entryPoint":null}, {"defaultIdentifier":"qwen/qwen3-4b","entryPoint":{"absPath":"/no/such/file"}}]}
            """);
        Assert.Equal([one], files.Find(Model("qwen/qwen3-4b", "qwen/qwen3-4b"), "qwen/qwen3-4b"));
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("[]")]
    [InlineData("""{"models":{}}""")]
    public void An_index_that_cannot_be_read_leaves_the_hubs_description(string index)
    {
        Write(".internal/model-index-cache.json", index);
        var folder = Path.GetDirectoryName(Write("models/lmstudio-community/Qwen3-4B-GGUF/Qwen3-4B-Q4_K_M.gguf"))!;
        Write("hub/models/qwen/qwen3-4b/model.yaml", """
            model: qwen/qwen3-4b
            base:
              - key: lmstudio-community/qwen3-4b-gguf
                sources:
                  - type: huggingface
                    user: lmstudio-community
                    repo: Qwen3-4B-GGUF
              - key: lmstudio-community/qwen3-4b-mlx
                sources:
                  - type: huggingface
                    user: lmstudio-community
                    repo: not-downloaded
            """);
        Assert.Equal([folder], files.Find(Model("qwen/qwen3-4b", "qwen/qwen3-4b"), "qwen/qwen3-4b"));
        Assert.Equal([Path.Combine(folder, "Qwen3-4B-Q4_K_M.gguf")], files.Find(Model("qwen/qwen3-4b", "qwen/qwen3-4b"), "qwen/qwen3-4b@q4_k_m"));
    }

    [Theory]
    [InlineData("qwen/qwen3-4b", "base: [")]
    [InlineData("../../etc", "base: 1")]
    [InlineData("plain", "base: 1")]
    public void What_is_nowhere_is_not_found(string key, string description)
    {
        Write("hub/models/qwen/qwen3-4b/model.yaml", description);
        Assert.Empty(files.Find(Model(key, key), key));
    }

    private static ModelInfo Model(string key, string path) => new() { Type = "llm", ModelKey = key, Path = path };

    private string Write(string name, string text = "")
    {
        var file = Path.Combine(home, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }
}
