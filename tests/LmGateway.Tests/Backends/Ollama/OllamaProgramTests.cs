using LmGateway.Backends;
using LmGateway.Tests.Functional;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Backends.Ollama;

/// <summary>The program <c>ollama</c>: found, and started as the server.</summary>
public sealed class OllamaProgramTests
{
    [Fact]
    [Trait("req", "S3-08")]
    [Trait("req", "S3-36")]
    public async Task A_server_that_is_told_to_start_answers_at_its_address_and_outlives_the_backend()
    {
        using var path = new OllamaOnPath(("OLLAMA_STANDIN_MODELS", "llama3.2:3b"), ("OLLAMA_STANDIN_START_MS", "300"));
        var address = $"http://127.0.0.1:{FreePort.Next()}";
        await using (var backend = OllamaBackendContract.At(address, path.Program))
        {
            Assert.Equal(path.Program, backend.Program.Find());
            await Assert.ThrowsAsync<GatewayException>(() => backend.ReportAsync(TestContext.Current.CancellationToken));
            await backend.Program.StartServerAsync(TestContext.Current.CancellationToken);
            await Eventually.TrueAsync(() => AnswersAsync(backend), "the server answers");
        }

        await using var later = OllamaBackendContract.At(address);
        Assert.Equal("llama3.2:3b", Assert.Single((await later.ReportAsync(TestContext.Current.CancellationToken)).Models).Key);
    }

    [Fact]
    [Trait("req", "S3-27")]
    [Trait("req", "S3-29")]
    [Trait("req", "S3-31")]
    public async Task Its_words_are_those_of_the_document()
    {
        await using var backend = OllamaBackendContract.At("http://127.0.0.1:9", "/no/such/ollama");
        var words = backend.Program.Words;
        Assert.Null(backend.Program.Find());
        Assert.Equal("Ollama is not installed. Please install from https://ollama.com", words.NotInstalled);
        Assert.Equal("Ollama is not running. Run init_llm to start it.", words.NotRunning);
        Assert.StartsWith("Model 'X' not found. Check MODEL_NAME", words.ModelNotFound("X"), StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<GatewayException>(() => backend.Program.StartServerAsync(TestContext.Current.CancellationToken));
        Assert.Equal(words.NotInstalled, refused.Message);
    }

    [Theory]
    [Trait("req", "S3-03")]
    [InlineData("llama3.2:3b", null, "llama3.2:3b")]
    [InlineData("llama3.2", "huggingface", "llama3.2")]
    [InlineData("unsloth/SmolLM3-3B-128K-GGUF", "huggingface", "hf.co/unsloth/SmolLM3-3B-128K-GGUF")]
    [InlineData("unsloth/SmolLM3-3B-128K-GGUF", null, "hf.co/unsloth/SmolLM3-3B-128K-GGUF")]
    [InlineData("hf.co/unsloth/SmolLM3-3B-128K-GGUF", "huggingface", "hf.co/unsloth/SmolLM3-3B-128K-GGUF")]
    [InlineData("qwen/qwen2.5-coder-32b-instruct-gguf@Q4_K_M", null, "hf.co/qwen/qwen2.5-coder-32b-instruct-gguf:Q4_K_M")]
    [InlineData("someone/model", "ollama", "someone/model")]
    [InlineData("someone/model:7b", null, "someone/model:7b")]
    public async Task A_name_is_turned_into_the_one_that_is_pulled(string model, string? source, string pulled)
    {
        await using var backend = OllamaBackendContract.At("http://127.0.0.1:9");
        Assert.Equal([pulled], backend.Program.PullNames(model, source));
    }

    private static async Task<bool> AnswersAsync(IBackend backend)
    {
        try
        {
            await backend.ReportAsync(TestContext.Current.CancellationToken);
            return true;
        }
        catch (GatewayException)
        {
            return false;
        }
    }
}
