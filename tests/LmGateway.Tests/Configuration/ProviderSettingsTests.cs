using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Configuration;

/// <summary>The <c>inference</c> section: its names, its checks at start, and what follows from it.</summary>
public sealed class ProviderSettingsTests
{
    [Fact]
    [Trait("req", "S2-16")]
    public void Every_key_has_its_name_in_the_environment_whatever_underscores_are_in_it()
    {
        var inference = Given.FromEnvironment(
            ("INFERENCE_INFERENCE_ALLOWED_MODELS", "a/b,c"), ("INFERENCE_INFERENCE_MAX_TOKENS", "7"), ("INFERENCE_INFERENCE_TEMPERATURE", "0.5"), ("INFERENCE_INFERENCE_MODELS", "all"),
            ("INFERENCE_INFERENCE_HTTP_KEEP_ALIVE_SECS", "5"), ("INFERENCE_INFERENCE_HTTP_MAX_IDLE_CONNECTIONS", "6"), ("INFERENCE_INFERENCE_HTTP_MAX_RETRIES", "2"),
            ("INFERENCE_INFERENCE_HTTP_RETRY_BACKOFF_MS", "9"), ("INFERENCE_INFERENCE_OPENAI_API_KEY", "k"), ("INFERENCE_INFERENCE_OPENAI_ORGANIZATION_ID", "o"),
            ("INFERENCE_INFERENCE_MOCK_RESPONSES_DIR", "/m")).Options.Inference;
        Assert.Equal(["a/b", "c"], inference.AllowedModels);
        Assert.Equal((7, 0.5, ProviderListing.All), (inference.MaxTokens, inference.Temperature, inference.Models));
        Assert.Equal((5, 6, 2, 9), (inference.HttpKeepAliveSecs, inference.HttpMaxIdleConnections, inference.HttpMaxRetries, inference.HttpRetryBackoffMs));
        Assert.Equal(("k", "o", "/m"), (inference.OpenAiApiKey, inference.OpenAiOrganization, inference.MockResponsesDir));
        Assert.All(SettingTable.All.Where(setting => setting.Key.StartsWith("inference.", StringComparison.Ordinal)), setting =>
            Assert.Contains("INFERENCE_" + setting.Key.Replace('.', '_').ToUpperInvariant(), setting.EnvironmentNames));
    }

    [Fact]
    [Trait("req", "S2-16")]
    [Trait("req", "S2-18")]
    public void The_servers_own_address_goes_by_the_same_rule()
    {
        var listen = Given.FromEnvironment(("INFERENCE_SERVER_HOST", "127.0.0.2"), ("INFERENCE_SERVER_PORT", "3000")).Options.Listen;
        Assert.Equal(("127.0.0.2", 3000), (listen.Host, listen.Port));
    }

    [Fact]
    [Trait("req", "S2-17")]
    public void RUST_LOG_sets_the_level_of_the_log() =>
        Assert.Equal(LogThreshold.Debug, Given.FromEnvironment(("RUST_LOG", "debug")).Options.Log.Level);

    [Fact]
    public void The_example_of_the_provider_page_loads()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "provider.md"));
        var loaded = Given.FromYaml(page.Split("```yaml\n").Select(block => block.Split("```")[0]).Single(block => block.StartsWith("inference:", StringComparison.Ordinal)));
        Assert.Empty(loaded.Errors);
        Assert.True(loaded.Options.Inference.IsProviderContract);
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once() =>
        Assert.Equal(
            [
                "inference.max_tokens = \"0\" (lmgateway.yaml line 6): a whole number from 1 to 128000 (tokens) is expected, for instance 100",
                "inference.temperature = \"2.5\" (lmgateway.yaml line 7): a number from 0 to 2 is expected, for instance 0.7",
                "inference.http.timeout_secs = \"3601\" (lmgateway.yaml line 9): a whole number from 1 to 3600 (s) is expected, for instance 60",
                "inference.http.connect_timeout_secs = \"301\" (lmgateway.yaml line 10): a whole number from 1 to 300 (s) is expected, for instance 10",
                "inference.http.max_retries = \"11\" (lmgateway.yaml line 11): a whole number from 0 to 10 is expected, for instance 3",
                "inference.http.retry_backoff_ms = \"30001\" (lmgateway.yaml line 12): a whole number from 0 to 30000 (ms) is expected, for instance 250",
                "inference.default_model = \"c\" (lmgateway.yaml line 4): a model of inference.allowed_models is expected, for instance a/b; or add this one to the list",
            ],
            Given.FromYaml("""
                inference:
                  provider: lmstudio
                  base_url: http://localhost:1234
                  default_model: c
                  allowed_models: [a/b]
                  max_tokens: 0
                  temperature: 2.5
                  http:
                    timeout_secs: 3601
                    connect_timeout_secs: 301
                    max_retries: 11
                    retry_backoff_ms: 30001
                """).Errors.Select(error => error.ToString()));

    [Fact]
    public void An_address_that_is_none_is_told_under_the_name_it_was_given_by() =>
        Assert.Contains("http or https address", Assert.Single(Given.FromYaml("inference:\n  base_url: localhost:1234").Errors).ToString(), StringComparison.Ordinal);

    [Fact]
    public void The_provider_openai_needs_an_address() =>
        Assert.Equal(
            "inference.provider = \"openai\" (lmgateway.yaml line 2): the server's address is expected as well: inference.base_url, for instance https://api.openai.com/v1",
            Assert.Single(Given.FromYaml("inference:\n  provider: openai").Errors).ToString());

    [Fact]
    public void The_mock_needs_none_and_is_never_the_gateways_own_address() =>
        Assert.Empty(Given.FromYaml("inference:\n  provider: mock\n  base_url: http://127.0.0.1:8000").Errors);

    [Fact]
    public void OPENAI_API_KEY_is_the_key_of_the_provider_openai_where_OPENAI_BASE_URL_gave_the_address()
    {
        var options = Given.FromEnvironment(("INFERENCE_INFERENCE_PROVIDER", "openai"), ("OPENAI_BASE_URL", "http://10.0.0.2/v1"), ("OPENAI_API_KEY", "k"), ("LM_API_TOKEN", "sk-lm-a")).Options;
        Assert.Equal(("http://10.0.0.2", "k"), (options.LmStudio.BaseUrl, options.Inference.OpenAiApiKey));
        Assert.Equal("own", Given.FromEnvironment(("INFERENCE_INFERENCE_PROVIDER", "openai"), ("OPENAI_BASE_URL", "http://10.0.0.2/v1"), ("OPENAI_API_KEY", "k"), ("INFERENCE_INFERENCE_OPENAI_API_KEY", "own")).Options.Inference.OpenAiApiKey);
        Assert.Null(Given.FromEnvironment(("INFERENCE_INFERENCE_PROVIDER", "openai"), ("INFERENCE_INFERENCE_BASE_URL", "https://api.openai.com/v1"), ("OPENAI_API_KEY", "k")).Options.Inference.OpenAiApiKey);
    }

    [Theory]
    [InlineData("max_tokens: 5", true)]
    [InlineData("temperature: 0.5", true)]
    [InlineData("models: all", false)]
    [InlineData("http: { max_retries: 1 }", false)]
    [InlineData("openai: { api_key: k }", false)]
    [InlineData("mock: { responses_dir: m }", false)]
    public void Its_defaults_switch_the_contract_on_and_the_rest_does_not(string line, bool isOn)
    {
        var inference = Given.FromYaml($"inference:\n  {line}").Options.Inference;
        Assert.Equal(isOn, inference.IsProviderContract);
        Assert.Equal(isOn, inference.ListsOnlyLoaded);
    }

    [Fact]
    public void Connections_are_tried_again_under_the_contract_or_where_that_is_set()
    {
        Assert.Equal(0, Given.Nothing().Options.Inference.ConnectionRetries);
        Assert.Equal(3, Given.FromYaml("inference:\n  provider: lmstudio").Options.Inference.ConnectionRetries);
        Assert.Equal(1, Given.FromYaml("inference:\n  http: { max_retries: 1 }").Options.Inference.ConnectionRetries);
        Assert.Equal(0, Given.FromYaml("inference:\n  provider: lmstudio\n  http: { max_retries: 0 }").Options.Inference.ConnectionRetries);
    }

    [Theory]
    [Trait("req", "S2-49")]
    [InlineData(0, 60, 10)]
    [InlineData(1, 120, 15)]
    public void The_recommended_time_limits_of_the_document_load(int place, int timeout, int connect)
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "sources", "2-openai-provider.md"));
        var block = text.Split("```yaml\nhttp:\n")[place + 1].Split("```")[0];
        var options = Given.FromYaml("inference:\n  http:\n" + string.Concat(block.Split('\n').Select(line => $"  {line}\n"))).Options;
        Assert.Equal((TimeSpan.FromSeconds(timeout), TimeSpan.FromSeconds(connect)), (options.RequestTimeout, options.ConnectTimeout));
    }

    [Fact]
    public void The_demo_is_LM_Studio_whatever_the_provider()
    {
        var loaded = Given.FromYaml("inference:\n  provider: mock").WithSimulatorAt("http://127.0.0.1:5555");
        Assert.Equal(("lmstudio", "lmstudio"), (loaded.Options.Inference.Provider, loaded.Effective["inference.provider"].Text));
    }
}
