using LmStudio.Client.Wire;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Client.Tests.AgainstSimulator;

public sealed class TextTests
{
    [Fact]
    public async Task Texts_are_embedded_equal_ones_equally_and_others_otherwise()
    {
        await using var rig = await Rig.StartAsync();
        var model = await rig.LoadEmbeddingAsync();
        var vectors = await Task.WhenAll(new[] { "a cat", "a cat", "the weather" }.Select(text => rig.Client.Embedding.EmbedAsync(model, text)));
        Assert.Equal(Embedder.Dimensions, vectors[0].Count);
        Assert.Equal(1, vectors[0].Sum(value => value * value), 5);
        Assert.Equal(vectors[0], vectors[1]);
        Assert.NotEqual(vectors[0], vectors[2]);
        Assert.Equal((3, 0), (rig.Counters.Embeddings, rig.Counters.OpenStreams));
    }

    [Theory]
    [InlineData("")]
    [InlineData("one two  three\nfour, 日本 👍🏽")]
    public async Task Tokens_and_their_number_agree_on_both_kinds_of_models(string text)
    {
        await using var rig = await Rig.StartAsync();
        foreach (var (models, model) in new (Namespaces.ModelNamespace, InstanceInfo)[]
            { (rig.Client.Llm, await rig.LoadAsync(Rig.Granite)), (rig.Client.Embedding, await rig.LoadEmbeddingAsync()) })
        {
            var tokens = await models.TokenizeAsync(model, text);
            Assert.Equal(Tokenizer.Encode(text), tokens);
            Assert.Equal(tokens.Count, await models.CountTokensAsync(model, text));
        }
    }

    [Fact]
    public async Task A_draft_model_is_preloaded_and_an_unknown_one_refused()
    {
        await using var rig = await Rig.StartAsync();
        var model = await rig.LoadAsync(Rig.Qwen);
        await rig.Client.Llm.PreloadDraftModelAsync(model, "qwen2-1.5b-instruct");
        await Assert.ThrowsAsync<LmStudioRequestException>(() => rig.Client.Llm.PreloadDraftModelAsync(model, "missing"));
    }
}
