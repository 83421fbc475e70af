using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Engine;

public sealed class ModelFolderTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-tests-").FullName;

    [Fact]
    public async Task The_stocked_models_lie_on_disk_as_small_files_with_true_sizes()
    {
        await using var studio = new SimulatedLmStudio(new SimulatorOptions { ModelsDirectory = _folder });
        var granite = Assert.Single(studio.Models.Find("granite-3.0-2b-instruct"));
        Assert.Equal("ibm-granite/granite-3.0-2b-instruct/granite-3.0-2b-instruct-Q4_K_M.gguf", granite.Path);
        Assert.Equal((1_600_000_000, "ibm-granite", "granite", "2B", 4096), (granite.SizeBytes, granite.Publisher, granite.Architecture, granite.ParamsString, granite.MaxContextLength));
        var file = new FileInfo(Path.Combine(_folder, granite.Path));
        Assert.InRange(file.Length, 10, 1000);
        Assert.Equal("GGUF", (await File.ReadAllTextAsync(file.FullName, TestContext.Current.CancellationToken))[..4]);
        var catalog = Assert.Single(studio.Models.Find("qwen/qwen3-4b-2507"));
        Assert.Equal(("qwen/qwen3-4b-2507", "qwen/qwen3-4b-2507@q4_k_m"), (catalog.Path, catalog.SelectedVariant));
    }

    [Fact]
    public async Task A_file_added_on_disk_appears_under_its_folders_name()
    {
        await using var studio = Empty();
        Assert.Empty(studio.Models.List());
        Put("acme/Tiny-Model-1B-GGUF/whatever-Q8_0.gguf", "not from here");
        var model = Assert.Single(studio.Models.List());
        Assert.Equal(("tiny-model-1b", "acme", ModelDomain.Llm, 13L), (model.Key, model.Publisher, model.Domain, model.SizeBytes));
        Assert.Equal("Q8_0", model.Quantization?.Name);
    }

    [Fact]
    public async Task An_embedding_model_gets_its_prefix()
    {
        await using var studio = Empty();
        Put("acme/Tiny-Embedder/tiny-embed.gguf", "x");
        Assert.Equal(("text-embedding-tiny-embedder", ModelDomain.Embedding), (studio.Models.List()[0].Key, studio.Models.List()[0].Domain));
    }

    [Fact]
    public async Task A_file_removed_from_disk_vanishes_but_what_is_loaded_stays()
    {
        await using var studio = new SimulatedLmStudio(new SimulatorOptions { ModelsDirectory = _folder, LoadTime = TimeSpan.Zero });
        await studio.Loading.GetOrLoadInstanceAsync(new LoadRequest { ModelKey = "granite-3.0-2b-instruct" }, TestContext.Current.CancellationToken);
        Directory.Delete(Path.Combine(_folder, "ibm-granite"), recursive: true);
        Assert.Empty(studio.Models.Find("granite-3.0-2b-instruct"));
        Assert.NotNull(studio.Instances.ByIdentifier("granite-3.0-2b-instruct"));
    }

    [Fact]
    public async Task Two_files_in_one_folder_are_told_apart_by_their_quantisation()
    {
        await using var studio = Empty();
        Put("acme/tiny/tiny-Q4_K_M.gguf", "x");
        Put("acme/tiny/tiny-Q8_0.gguf", "x");
        Assert.Equal(["tiny@q4_k_m", "tiny@q8_0"], studio.Models.List().Select(model => model.Key));
    }

    [Fact]
    public async Task A_projector_makes_its_neighbour_a_vision_model_and_is_none_itself()
    {
        await using var studio = Empty();
        Put("acme/tiny/tiny-Q4_K_M.gguf", "x");
        Put("acme/tiny/mmproj-tiny-f16.gguf", "x");
        Assert.True(Assert.Single(studio.Models.List()).Vision);
    }

    [Fact]
    public async Task Half_written_and_foreign_files_are_no_models()
    {
        await using var studio = Empty();
        Put("acme/tiny/tiny.gguf.part", "x");
        Put("acme/tiny/readme.md", "x");
        Put("acme/loose.gguf", "x");
        Put(".hidden/tiny/tiny.gguf", "x");
        Assert.Empty(studio.Models.List());
    }

    [Theory]
    [InlineData("Qwen/qwen2-1.5b-instruct")]
    [InlineData("Qwen/Qwen2-1.5B-Instruct-GGUF")]
    [InlineData("Qwen/Qwen2-1.5B-Instruct-GGUF/qwen2-1_5b-instruct-Q4_K_M.gguf")]
    public async Task A_model_answers_to_other_spellings_of_its_name(string name)
    {
        await using var studio = new SimulatedLmStudio(new SimulatorOptions { ModelsDirectory = _folder });
        Assert.Equal("qwen2-1.5b-instruct", Assert.Single(studio.Models.Find(name)).Key);
    }

    [Fact]
    public async Task Extra_models_are_what_their_keys_say()
    {
        await using var studio = new SimulatedLmStudio(new SimulatorOptions { Stocked = false, ExtraModels = ["acme/tiny-1b", "plain", "text-embedding-small", "some-vision-model"] });
        Assert.Equal(["acme/tiny-1b", "plain", "some-vision-model", "text-embedding-small"], studio.Models.List().Select(model => model.Key));
        Assert.Equal([false, false, true, false], studio.Models.List().Select(model => model.Vision));
        Assert.Equal(ModelDomain.Embedding, studio.Models.Find("text-embedding-small")[0].Domain);
    }

    [Fact]
    public async Task A_temporary_folder_is_removed_and_a_given_one_stays()
    {
        var temporary = new SimulatedLmStudio(new SimulatorOptions());
        var given = new SimulatedLmStudio(new SimulatorOptions { ModelsDirectory = _folder });
        Assert.True(Directory.Exists(temporary.Models.Root));
        await temporary.DisposeAsync();
        await given.DisposeAsync();
        Assert.False(Directory.Exists(temporary.Models.Root));
        Assert.True(Directory.Exists(given.Models.Root));
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private SimulatedLmStudio Empty() => new(new SimulatorOptions { ModelsDirectory = _folder, Stocked = false });

    private void Put(string path, string content)
    {
        var file = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
    }
}
