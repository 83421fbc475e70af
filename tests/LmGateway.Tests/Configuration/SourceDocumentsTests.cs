using System.Text.RegularExpressions;
using LmGateway.Configuration;
using LmGateway.Tests.Examples;
using Xunit;

namespace LmGateway.Tests.Configuration;

/// <summary>Every configuration that the five documents print loads as it stands.</summary>
public sealed class SourceDocumentsTests
{
    [Fact]
    public void Every_dot_env_of_the_documents_loads_without_errors_and_warnings()
    {
        string[] files = ["0-nats-service.md", "1-rest-service.md", "4-admin-gateway.md"];
        var texts = files.SelectMany(file => Fences(file, "env")).ToList();

        Assert.Equal(10, texts.Count);
        foreach (var text in texts)
        {
            var loaded = Given.FromDotEnv(text);
            Assert.Empty(loaded.Errors);
            Assert.Empty(loaded.Warnings);
        }
    }

    [Fact]
    [Example(SourceDocument.NatsServiceFile, "Environment Variables")]
    [Trait("req", "S0-49")]
    [Trait("req", "S0-50")]
    [Trait("req", "S0-51")]
    [Trait("req", "S0-52")]
    [Trait("req", "S0-53")]
    public void S0_49_to_S0_53_the_example_of_the_NATS_service()
    {
        var options = Given.FromDotEnv(Fences("0-nats-service.md", "env").Single(text => text.Contains("NATS_QUEUE_GROUP", StringComparison.Ordinal))).Options;

        Assert.Equal(("http://127.0.0.1:1234", "/home/ada/.lmstudio/models"), (options.LmStudio.BaseUrl, options.LmStudio.ModelsDir));
        Assert.Equal(("nats://127.0.0.1:4222", "lmstudio-workers", true), (options.Nats.Url, options.Nats.QueueGroup, options.Nats.IsConfigured));
    }

    [Fact]
    [Trait("req", "S0-49")]
    [Trait("req", "S0-50")]
    [Trait("req", "S0-51")]
    [Trait("req", "S0-52")]
    public void Without_any_settings_the_NATS_service_has_the_documents_defaults()
    {
        var options = Given.Nothing().Options;

        Assert.Equal(("http://127.0.0.1:1234", "/home/ada/.lmstudio/models"), (options.LmStudio.BaseUrl, options.LmStudio.ModelsDir));
        Assert.Equal(("nats://127.0.0.1:4222", "lmstudio-workers", false), (options.Nats.Url, options.Nats.QueueGroup, options.Nats.IsConfigured));
    }

    [Fact]
    [Example(SourceDocument.RestServiceFile, "2. Configure Environment #2")]
    [Trait("req", "S1-03")]
    [Trait("req", "S1-04")]
    [Trait("req", "S1-05")]
    [Trait("req", "S1-06")]
    [Trait("req", "S1-07")]
    [Trait("req", "S1-08")]
    [Trait("req", "S1-09")]
    [Trait("req", "S1-10")]
    public void S1_03_to_S1_10_the_example_of_the_REST_service()
    {
        var options = Given.FromDotEnv(Fences("1-rest-service.md", "env").Single()).Options;

        Assert.Equal(("qwen/qwen3-4b-2507", "qwen3-vl-4b-instruct"), (options.Chat.DefaultRegularModel, options.Chat.DefaultVisionModel));

        Assert.Equal(("http://localhost:1234", "lm-studio"), (options.LmStudio.BaseUrl, options.LmStudio.ApiToken));
        Assert.Equal(["http://127.0.0.1:8000"], options.Listen.Addresses.Select(address => address.ToString()));
        Assert.Equal(["*"], options.Security.CorsOrigins);
    }

    [Trait("req", "S2-01")]
    [Trait("req", "S2-02")]
    [Trait("req", "S2-03")]
    [Fact]
    [Trait("req", "S1-08")]
    [Trait("req", "S1-09")]
    public void The_names_of_the_REST_service_set_its_models_and_its_time_limit()
    {
        var chat = Given.FromDotEnv("DEFAULT_REGULAR_MODEL=a/b\nDEFAULT_VISION_MODEL=c\nLLM_TIMEOUT=90").Options.Chat;

        Assert.Equal(("a/b", "c", TimeSpan.FromSeconds(90)), (chat.DefaultRegularModel, chat.DefaultVisionModel, chat.Timeout));
        Assert.Equal(("qwen/qwen3-4b-2507", "qwen3-vl-4b-instruct", TimeSpan.FromMinutes(5)), (new ChatOptions().DefaultRegularModel, new ChatOptions().DefaultVisionModel, new ChatOptions().Timeout));
    }

    [Fact]
    [Example(SourceDocument.ProviderFile, "Minimal Configuration")]
    public void S2_01_to_S2_03_the_minimal_configuration_of_the_provider()
    {
        var loaded = Given.FromYaml(Fences("2-openai-provider.md", "yaml").First(text => text.StartsWith("inference:", StringComparison.Ordinal)));

        Assert.Empty(loaded.Errors);
        Assert.Equal("http://localhost:1234", loaded.Options.LmStudio.BaseUrl);
        Assert.Equal(("lmstudio", "local-model"), (loaded.Options.Inference.Provider, loaded.Options.Inference.DefaultModel));
        Assert.True(loaded.Options.Inference.IsProviderContract);
    }

    [Trait("req", "S2-04")]
    [Trait("req", "S2-05")]
    [Trait("req", "S2-06")]
    [Trait("req", "S2-07")]
    [Trait("req", "S2-08")]
    [Trait("req", "S2-09")]
    [Trait("req", "S2-10")]
    [Fact]
    [Example(SourceDocument.ProviderFile, "Full Configuration")]
    public void S2_04_to_S2_10_the_full_configuration_of_the_provider()
    {
        var loaded = Given.FromYaml(Fences("2-openai-provider.md", "yaml").Single(text => text.Contains("allowed_models", StringComparison.Ordinal)));
        var inference = loaded.Options.Inference;

        Assert.Empty(loaded.Errors);
        Assert.Empty(loaded.Warnings);
        Assert.Equal(["TheBloke/Mistral-7B-Instruct-v0.2-GGUF", "TheBloke/Llama-2-7B-Chat-GGUF"], inference.AllowedModels);
        Assert.Equal("TheBloke/Mistral-7B-Instruct-v0.2-GGUF", inference.DefaultModel);
        Assert.Equal((60, 10, 30, 10), (inference.HttpTimeoutSecs, inference.HttpConnectTimeoutSecs, inference.HttpKeepAliveSecs, inference.HttpMaxIdleConnections));
        Assert.Equal(TimeSpan.FromSeconds(60), loaded.Options.RequestTimeout);
    }

    [Trait("req", "S2-11")]
    [Trait("req", "S2-12")]
    [Trait("req", "S2-13")]
    [Trait("req", "S2-14")]
    [Trait("req", "S2-15")]
    [Trait("req", "S2-16")]
    [Fact]
    [Example(SourceDocument.ProviderFile, "Environment Variables")]
    public void S2_11_to_S2_16_the_exports_of_the_provider_override_its_file()
    {
        var exports = Fences("2-openai-provider.md", "bash").First(text => text.Contains("export INFERENCE_", StringComparison.Ordinal));
        var environment = Regex.Matches(exports, "^export (?<name>\\w+)=\"(?<value>.*)\"$", RegexOptions.Multiline, TimeSpan.FromSeconds(10))
            .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value);

        var loaded = Given.Load(new Given
        {
            Environment = environment,
            Yaml = "inference:\n  base_url: http://10.0.0.1:1\n  default_model: other\n  http:\n    timeout_secs: 1\n    connect_timeout_secs: 1",
        });

        Assert.Equal(5, environment.Count);
        Assert.Empty(loaded.Warnings);
        Assert.Equal("http://localhost:1234", loaded.Options.LmStudio.BaseUrl);
        Assert.Equal("local-model", loaded.Options.Inference.DefaultModel);
        Assert.Equal((60, 10), (loaded.Options.Inference.HttpTimeoutSecs, loaded.Options.Inference.HttpConnectTimeoutSecs));
    }

    [Fact]
    public void S4_58_to_S4_60_the_names_of_the_admin_gateway()
    {
        var options = Given.FromDotEnv("PROXY_TIMEOUT=300000\nPROXY_STREAM_TIMEOUT=300000\nLOG_LEVEL=debug\nNODE_ENV=production").Options;

        Assert.Equal((TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5)), (options.RequestTimeout, options.Timeouts.StreamTimeout));
        Assert.Equal(LogThreshold.Debug, options.Log.Level);
    }

    /// <summary>The fenced blocks of one language, without the indentation of the list that they may stand in.</summary>
    private static IEnumerable<string> Fences(string file, string language)
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "sources", file));
        return Regex.Matches(text, $"^(?<indent> *)```{language}\n(?<text>.*?)^ *```", RegexOptions.Multiline | RegexOptions.Singleline, TimeSpan.FromSeconds(10))
            .Select(match => string.Join('\n', match.Groups["text"].Value.Split('\n').Select(line =>
                line.StartsWith(match.Groups["indent"].Value, StringComparison.Ordinal) ? line[match.Groups["indent"].Length..] : line)));
    }
}
