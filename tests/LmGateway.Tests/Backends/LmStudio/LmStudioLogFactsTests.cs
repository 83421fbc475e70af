using LmGateway.Backends.LmStudio;
using LmGateway.Events;
using LmStudio.Client.Wire;
using Xunit;

namespace LmGateway.Tests.Backends.LmStudio;

/// <summary>Lines of LM Studio's log, and the events that the document of the debug stream names for them.</summary>
public sealed class LmStudioLogFactsTests
{
    [Theory]
    [InlineData("[m] Prompt processing progress: 36.5%", "lmstudio_prompt_progress", "progress=36.5")]
    [InlineData("[m] Cache reuse summary: 2158/5889 of prompt (36.6446%), 2158 prefix, 0 non-prefix", "lmstudio_cache_stats", "reused=2158 total=5889 percentage=36.6446 prefix=2158 nonPrefix=0")]
    [InlineData("Sampling params:\trepeat_last_n = 64, repeat_penalty = 1.100\n\ttop_k = 40, top_p = 0.950, top_n_sigma = -1.000, temp = 0.700", "lmstudio_sampling_params", "repeat_last_n=64 repeat_penalty=1.1 top_k=40 top_p=0.95 top_n_sigma=-1 temp=0.7")]
    [InlineData("Generate: n_ctx = 12032, n_batch = 512, n_predict = -1, n_keep = 2198", "lmstudio_token_info", "n_ctx=12032 n_batch=512 n_predict=-1 n_keep=2198")]
    [InlineData("Total prompt tokens: 5889", "lmstudio_token_info", "totalPromptTokens=5889")]
    [InlineData("Prompt tokens to decode: 3731", "lmstudio_token_info", "promptTokensToDecode=3731")]
    [InlineData("[m] Running chat completion on conversation with 2 messages.", "lmstudio_chat_start", "")]
    [InlineData("BeginProcessingPrompt", "lmstudio_processing_start", "")]
    public void Figures_in_a_line_are_an_event_of_their_own(string line, string name, string figures)
    {
        var told = LmStudioLogFacts.Of("lmstudio", new LogEvent.Server(DateTimeOffset.UnixEpoch, "debug", line)).ToList();
        Assert.Equal(["debug_log", name], told.Select(happened => happened.Name));
        var fact = Assert.IsType<BackendLogFact>(told[1]);
        Assert.Equal(figures, string.Join(' ', fact.Figures.Select(figure => FormattableString.Invariant($"{figure.Key}={figure.Value}"))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Prompt processing progress: %")]
    [InlineData("Total prompt tokens: 99999999999999999999999999999999999999999999")]
    [InlineData("Cache reuse summary: 1/2")]
    public void Any_other_line_is_a_line_and_nothing_breaks(string line)
    {
        var told = LmStudioLogFacts.Of("lmstudio", new LogEvent.Runtime(DateTimeOffset.UnixEpoch, null, line, "llama.cpp", "primary")).ToList();
        var written = Assert.IsType<BackendLogLine>(told[0]);
        Assert.Equal(("info", line, "llama.cpp", "primary"), (written.Level, written.Message, written.Engine, written.InstanceId));
    }

    [Fact]
    public void A_prompt_is_measured_and_not_shown()
    {
        var told = Assert.Single(LmStudioLogFacts.Of("lmstudio", new LogEvent.PredictionInput(DateTimeOffset.UnixEpoch, "a secret plan", "m.gguf", "primary")));
        var fact = Assert.IsType<BackendLogFact>(told);
        Assert.Equal(("lmstudio_chat_start", "primary"), (fact.Name, fact.InstanceId));
        Assert.Equal(13, Assert.Single(fact.Figures).Value);
    }
}
