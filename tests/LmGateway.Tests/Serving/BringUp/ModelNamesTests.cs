using LmGateway.Serving.BringUp;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.BringUp;

/// <summary>"Is this model here?", on the names of the documents.</summary>
[Trait("req", "S3-22")]
public sealed class ModelNamesTests
{
    private static readonly ModelInfo[] LmStudio =
    [
        Model("smollm3-3b-128k", path: "unsloth/SmolLM3-3B-128K-GGUF/SmolLM3-3B-128K-Q4_K_M.gguf", quantization: "Q4_K_M"),
        Model("qwen2.5-coder-32b-instruct", publisher: "Qwen", quantization: "Q4_K_M"),
        Model("qwen/qwen3-4b-2507", publisher: "qwen", variants: ["qwen/qwen3-4b-2507@q4_k_m", "qwen/qwen3-4b-2507@q8_0"]),
        Model("llama-3.2-1b-instruct"),
    ];

    private static readonly ModelInfo[] Ollama = [Model("llama3.2:1b"), Model("llama3.2:latest"), Model("hf.co/unsloth/SmolLM3-3B-128K-GGUF:latest"), Model("hf.co/qwen/coder-gguf:Q4_K_M"), Model("someone/tuned:7b")];

    [Theory]
    [Trait("req", "S3-18")]
    [Trait("req", "S3-20")]
    [Trait("req", "S3-21")]
    [Trait("req", "S3-37")]
    [InlineData("unsloth/SmolLM3-3B-128K-GGUF", "smollm3-3b-128k")]
    [InlineData("unsloth/SmolLM3-3B-128K-GGUF@Q4_K_M", "smollm3-3b-128k")]
    [InlineData("UNSLOTH/smollm3-3b-128k-gguf", "smollm3-3b-128k")]
    [InlineData("SmolLM3-3B-128K", "smollm3-3b-128k")]
    [InlineData("https://huggingface.co/unsloth/SmolLM3-3B-128K-GGUF", "smollm3-3b-128k")]
    [InlineData("qwen/qwen2.5-coder-32b-instruct-gguf@Q4_K_M", "qwen2.5-coder-32b-instruct")]
    [InlineData("qwen/qwen3-4b-2507", "qwen/qwen3-4b-2507")]
    [InlineData("qwen/qwen3-4b-2507@Q8_0", "qwen/qwen3-4b-2507@q8_0")]
    [InlineData("qwen3-4b-2507", "qwen/qwen3-4b-2507")]
    [InlineData("meta-llama/Llama-3.2-1B-Instruct", "llama-3.2-1b-instruct")]
    public void LM_Studios_keys_are_recognised(string written, string key) => Assert.Equal(key, ModelNames.FindKey(LmStudio, written));

    [Theory]
    [InlineData("bartowski/SmolLM3-3B-128K-GGUF")]
    [InlineData("unsloth/SmolLM3-3B-GGUF")]
    [InlineData("unsloth/SmolLM3-3B-128K-GGUF@Q8_0")]
    [InlineData("smollm3")]
    [InlineData("qwen/qwen3-4b")]
    [InlineData("llama-3.2-1b-instruct:latest")]
    [InlineData("")]
    public void No_other_model_is_taken_for_it(string written) => Assert.Null(ModelNames.FindKey(LmStudio, written));

    [Theory]
    [Trait("req", "S3-18")]
    [Trait("req", "S3-19")]
    [InlineData("llama3.2:1b", "llama3.2:1b")]
    [InlineData("llama3.2", "llama3.2:latest")]
    [InlineData("Llama3.2:LATEST", "llama3.2:latest")]
    [InlineData("library/llama3.2:1b", "llama3.2:1b")]
    [InlineData("hf.co/unsloth/SmolLM3-3B-128K-GGUF", "hf.co/unsloth/SmolLM3-3B-128K-GGUF:latest")]
    [InlineData("unsloth/SmolLM3-3B-128K-GGUF", "hf.co/unsloth/SmolLM3-3B-128K-GGUF:latest")]
    [InlineData("qwen/coder-gguf@Q4_K_M", "hf.co/qwen/coder-gguf:Q4_K_M")]
    [InlineData("someone/tuned:7b", "someone/tuned:7b")]
    public void Ollamas_names_are_recognised(string written, string key) => Assert.Equal(key, ModelNames.FindKey(Ollama, written));

    [Theory]
    [InlineData("llama3.2:3b")]
    [InlineData("llama3")]
    [InlineData("llama3:1b")]
    [InlineData("qwen/coder-gguf")]
    [InlineData("other/tuned:7b")]
    public void A_beginning_of_a_name_is_not_the_name(string written) => Assert.Null(ModelNames.FindKey(Ollama, written));

    private static ModelInfo Model(string key, string? path = null, string? publisher = null, string? quantization = null, string[]? variants = null) =>
        new() { Backend = "test", Key = key, Type = ModelType.Llm, Path = path, Publisher = publisher, Quantization = quantization, Variants = variants ?? [] };
}
