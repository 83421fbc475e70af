using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.AgainstSimulator;

public sealed class ModelListTests
{
    [Fact]
    public async Task Downloaded_models_of_both_kinds_are_listed()
    {
        await using var rig = await Rig.StartAsync();
        var models = await rig.Client.System.ListDownloadedModelsAsync();
        Assert.Equal([Rig.Granite, "qwen/qwen3-4b-2507", "qwen2-1.5b-instruct", Rig.Vision, Rig.Embedding], models.Select(model => model.ModelKey));
        Assert.Equal([Rig.Embedding], models.Where(model => model.IsEmbedding).Select(model => model.ModelKey));
        Assert.Equal([Rig.Vision], models.Where(model => model.Vision == true).Select(model => model.ModelKey));
        var granite = models[0];
        Assert.Equal(("gguf", "granite", 4096, new Quantization("Q4_K_M", 4)), (granite.Format, granite.Architecture, granite.MaxContextLength, granite.Quantization));
        Assert.Empty(granite.Variants);
    }

    [Fact]
    public async Task The_variants_of_a_model_can_be_listed_and_loaded()
    {
        await using var rig = await Rig.StartAsync();
        var variant = Assert.Single(await rig.Client.System.ListDownloadedModelVariantsAsync(Rig.Qwen));
        Assert.Equal("qwen/qwen3-4b-2507@q4_k_m", variant.ModelKey);
        var instance = await rig.LoadAsync(variant.ModelKey);
        Assert.Equal(variant.ModelKey, instance.SelectedVariant);
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(() => rig.Client.System.ListDownloadedModelVariantsAsync("missing"));
        Assert.IsType<LmStudioErrorDetails.PathNotFound>(error.Details);
    }

    [Fact]
    public async Task Loaded_instances_are_listed_by_kind_and_found_by_every_specifier()
    {
        await using var rig = await Rig.StartAsync();
        var first = await rig.LoadAsync(Rig.Granite);
        var second = await rig.LoadAsync(Rig.Granite);
        var embedding = await rig.LoadEmbeddingAsync();
        Assert.Equal([Rig.Granite, Rig.Granite + ":2"], (await rig.Client.Llm.ListLoadedAsync()).Select(instance => instance.Identifier));
        Assert.Equal(embedding.InstanceReference, Assert.Single(await rig.Client.Embedding.ListLoadedAsync()).InstanceReference);

        var llm = rig.Client.Llm;
        Assert.Equal(first.InstanceReference, (await llm.GetModelInfoAsync(ModelSpecifier.Any)).InstanceReference);
        Assert.Equal(second.InstanceReference, (await llm.GetModelInfoAsync(second)).InstanceReference);
        Assert.Equal(second.InstanceReference, (await llm.GetModelInfoAsync(ModelSpecifier.ByIdentifier(second.Identifier))).InstanceReference);
        Assert.Equal(first.InstanceReference, (await llm.GetModelInfoAsync(ModelSpecifier.ByPath(first.Path!))).InstanceReference);
        Assert.Null(await llm.FindModelInfoAsync(ModelSpecifier.ByIdentifier("missing")));
    }

    [Fact]
    public async Task An_instance_that_is_gone_is_told_from_one_that_never_was()
    {
        await using var rig = await Rig.StartAsync();
        var instance = await rig.LoadAsync(Rig.Granite);
        await rig.Client.Llm.UnloadModelAsync(instance);
        Assert.Empty(await rig.Client.Llm.ListLoadedAsync());

        var gone = await Assert.ThrowsAsync<LmStudioRequestException>(() => rig.Client.Llm.GetModelInfoAsync(instance));
        Assert.IsType<LmStudioErrorDetails.SpecificModelUnloaded>(gone.Details);
        var missing = await Assert.ThrowsAsync<LmStudioRequestException>(() => rig.Client.Llm.GetModelInfoAsync(ModelSpecifier.ByIdentifier("x")));
        Assert.Equal("llm", Assert.IsType<LmStudioErrorDetails.NoModelMatchingQuery>(missing.Details).Query!.Value.GetProperty("domain").GetString());
        var unloaded = await Assert.ThrowsAsync<LmStudioRequestException>(() => rig.Client.Llm.UnloadModelAsync(instance.Identifier));
        Assert.Equal(Rig.Granite, Assert.IsType<LmStudioErrorDetails.IdentifierNotFound>(unloaded.Details).Identifier);
    }

    [Fact]
    public async Task An_instance_is_unloaded_only_through_its_own_kind()
    {
        await using var rig = await Rig.StartAsync();
        var instance = await rig.LoadAsync(Rig.Granite);
        await Assert.ThrowsAsync<LmStudioRequestException>(() => rig.Client.Embedding.UnloadModelAsync(instance.Identifier));
        await rig.Client.Llm.UnloadModelAsync(instance.Identifier);
        Assert.Equal(1, rig.Counters.Unloads);
    }
}
