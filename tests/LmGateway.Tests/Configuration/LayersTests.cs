using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Configuration;

public sealed class LayersTests
{
    private const string Key = "scheduling.queue_limit";
    private const string Name = "LMGATEWAY_SCHEDULING__QUEUE_LIMIT";

    [Fact]
    public void The_command_line_beats_the_environment_beats_dot_env_beats_the_file_beats_the_default()
    {
        var given = new Given
        {
            CommandLine = [new GivenSetting(Key, "1", "--set")],
            Environment = { [Name] = "2" },
            DotEnv = $"{Name}=3",
            Yaml = "scheduling:\n  queue_limit: 4",
        };

        Assert.Equal((1, "command line --set"), QueueLimit(Given.Load(given)));
        Assert.Equal((2, $"environment {Name}"), QueueLimit(Given.Load(given with { CommandLine = [] })));
        Assert.Equal((3, ".env line 1"), QueueLimit(Given.Load(given with { CommandLine = [], Environment = [] })));
        Assert.Equal((4, "lmgateway.yaml line 2"), QueueLimit(Given.FromYaml(given.Yaml)));
        Assert.Equal((512, "default"), QueueLimit(Given.Nothing()));
    }

    [Fact]
    public void A_stronger_layer_replacing_the_same_setting_is_no_disagreement()
    {
        var loaded = Given.Load(new Given
        {
            CommandLine = [new GivenSetting("lmstudio.base_url", "http://127.0.0.1:1", "--set")],
            Environment = { ["LMSTUDIO_BASE_URL"] = "http://127.0.0.1:2" },
            DotEnv = "LMSTUDIO_BASE_URL=http://127.0.0.1:3",
            Yaml = "lmstudio:\n  base_url: http://127.0.0.1:4",
        });

        Assert.Equal("http://127.0.0.1:1", loaded.Options.LmStudio.BaseUrl);
        Assert.Empty(loaded.Warnings);
    }

    [Theory]
    [InlineData("scheduling.on_demand.ttl_seconds", "LMGATEWAY_SCHEDULING__ON_DEMAND__TTL_SECONDS")]
    [InlineData("node", "LMGATEWAY_NODE")]
    [InlineData("state_dir", "LMGATEWAY_STATE_DIR")]
    [InlineData("inference.http.timeout_secs", "LMGATEWAY_INFERENCE__HTTP__TIMEOUT_SECS")]
    public void Every_key_has_an_environment_name_made_by_rule(string key, string name) =>
        Assert.Equal(name, SettingTable.Of(key).EnvironmentNames[0]);

    [Fact]
    public void Every_setting_can_be_set_by_its_environment_name_and_by_its_key()
    {
        foreach (var setting in SettingTable.All)
        {
            var text = setting.About.Example ?? setting.About.OneOf.FirstOrDefault() ?? setting.Show(setting.Default);
            var byName = Given.FromEnvironment((setting.EnvironmentNames[0], text));
            var byKey = Given.Load(new Given { CommandLine = [new GivenSetting(setting.Key, text, "--set")] });

            Assert.Empty(byName.Errors);
            Assert.Equal($"environment {setting.EnvironmentNames[0]}", byName.Effective[setting.Key].Source.Text);
            Assert.Equal("command line --set", byKey.Effective[setting.Key].Source.Text);
            Assert.Equal(setting.Show(setting.Get(byKey.Options)), setting.Show(setting.Get(byName.Options)));
        }
    }

    [Theory]
    [InlineData("INFERENCE_INFERENCE_PROVIDER", "lmstudio", "inference.provider")]
    [InlineData("INFERENCE_INFERENCE_DEFAULT_MODEL", "local-model", "inference.default_model")]
    [InlineData("INFERENCE_INFERENCE_ALLOWED_MODELS", "a/b", "inference.allowed_models")]
    [InlineData("INFERENCE_INFERENCE_BASE_URL", "http://127.0.0.1:9", "lmstudio.base_url")]
    [InlineData("INFERENCE_INFERENCE_HTTP_TIMEOUT_SECS", "60", "inference.http.timeout_secs")]
    [InlineData("INFERENCE_INFERENCE_HTTP_CONNECT_TIMEOUT_SECS", "11", "inference.http.connect_timeout_secs")]
    [InlineData("INFERENCE_INFERENCE_HTTP_KEEP_ALIVE_SECS", "30", "inference.http.keep_alive_secs")]
    [InlineData("INFERENCE_INFERENCE_HTTP_MAX_IDLE_CONNECTIONS", "12", "inference.http.max_idle_connections")]
    [InlineData("INFERENCE_SERVER_HOST", "127.0.0.2", "listen.host")]
    [InlineData("INFERENCE_SERVER_PORT", "3000", "listen.port")]
    [InlineData("HOST", "127.0.0.3", "listen.host")]
    [InlineData("GATEWAY_HOST", "127.0.0.4", "listen.host")]
    [InlineData("PORT", "8001", "listen.port")]
    [InlineData("GATEWAY_PORT", "8002", "listen.port")]
    [InlineData("LMSTUDIO_BASE_URL", "http://127.0.0.1:10", "lmstudio.base_url")]
    [InlineData("LMSTUDIO_URL", "http://127.0.0.1:11", "lmstudio.base_url")]
    [InlineData("OPENAI_BASE_URL", "http://127.0.0.1:12", "lmstudio.base_url")]
    [InlineData("LMSTUDIO_MODELS_DIR", "/models", "lmstudio.models_dir")]
    [InlineData("CORS_ORIGINS", "*", "security.cors_origins")]
    [InlineData("IP_ALLOWLIST", "10.0.0.1", "security.ip_allowlist")]
    [InlineData("PROXY_TIMEOUT", "5000", "timeouts.request")]
    [InlineData("PROXY_STREAM_TIMEOUT", "300000", "timeouts.stream")]
    [InlineData("LOG_LEVEL", "debug", "log.level")]
    [InlineData("RUST_LOG", "trace", "log.level")]
    public void The_documents_names_are_aliases(string name, string value, string key)
    {
        var effective = Given.FromEnvironment((name, value)).Effective[key];

        Assert.Equal((value, $"environment {name}"), (effective.Text, effective.Source.Text));
    }

    [Fact]
    public void Among_names_of_one_layer_the_products_own_is_strongest_and_the_documents_follow_in_order()
    {
        string[] order = ["LMGATEWAY_LMSTUDIO__BASE_URL", "LMSTUDIO_BASE_URL", "LMSTUDIO_URL", "INFERENCE_INFERENCE_BASE_URL", "OPENAI_BASE_URL"];
        for (var first = 0; first < order.Length; first++)
        {
            var pairs = order.Skip(first).Select(name => (name, $"http://127.0.0.1:{Array.IndexOf(order, name) + 1}")).Reverse().ToArray();
            Assert.Equal($"http://127.0.0.1:{first + 1}", Given.FromEnvironment(pairs).Options.LmStudio.BaseUrl);
        }
    }

    [Fact]
    public void A_weak_alias_in_a_stronger_layer_beats_a_strong_name_in_a_weaker_one()
    {
        var loaded = Given.Load(new Given
        {
            Environment = { ["OPENAI_BASE_URL"] = "http://127.0.0.1:1/v1" },
            DotEnv = "LMGATEWAY_LMSTUDIO__BASE_URL=http://127.0.0.1:2",
        });

        Assert.Equal("http://127.0.0.1:1", loaded.Options.LmStudio.BaseUrl);
        Assert.Equal(["lmstudio.base_url: \"http://127.0.0.1:1\" from environment OPENAI_BASE_URL is used; \"http://127.0.0.1:2\" from LMGATEWAY_LMSTUDIO__BASE_URL (.env line 1) is ignored."], loaded.Warnings);
    }

    [Fact]
    public void Two_names_that_disagree_give_a_warning_that_names_the_winner()
    {
        var loaded = Given.FromEnvironment(("LMSTUDIO_URL", "http://localhost:1234"), ("LMSTUDIO_BASE_URL", "http://127.0.0.1:9999"));

        Assert.Equal("http://127.0.0.1:9999", loaded.Options.LmStudio.BaseUrl);
        Assert.Equal(["lmstudio.base_url: \"http://127.0.0.1:9999\" from environment LMSTUDIO_BASE_URL is used; \"http://localhost:1234\" from environment LMSTUDIO_URL is ignored."], loaded.Warnings);
    }

    [Fact]
    public void Two_names_that_mean_the_same_address_do_not_disagree() =>
        Assert.Empty(Given.FromEnvironment(("LMSTUDIO_URL", "http://localhost:1234/v1/"), ("LMSTUDIO_BASE_URL", "http://localhost:1234")).Warnings);

    [Fact]
    public void Two_keys_of_one_file_that_disagree_give_a_warning_too()
    {
        var loaded = Given.FromYaml("inference:\n  base_url: http://127.0.0.1:1\nlmstudio:\n  base_url: http://127.0.0.1:2");

        Assert.Equal("http://127.0.0.1:2", loaded.Options.LmStudio.BaseUrl);
        Assert.Equal(["lmstudio.base_url: \"http://127.0.0.1:2\" from lmstudio.base_url (lmgateway.yaml line 4) is used; \"http://127.0.0.1:1\" from inference.base_url (lmgateway.yaml line 2) is ignored."], loaded.Warnings);
    }

    [Fact]
    public void Secrets_that_disagree_are_not_shown()
    {
        var loaded = Given.FromEnvironment(("LM_API_TOKEN", "sk-lm-one"), ("LMGATEWAY_LMSTUDIO__API_TOKEN", "sk-lm-two"));

        Assert.Equal(["lmstudio.api_token: environment LMGATEWAY_LMSTUDIO__API_TOKEN is used; environment LM_API_TOKEN says something else and is ignored."], loaded.Warnings);
    }

    [Fact]
    public void An_empty_value_means_unset_in_every_layer()
    {
        var loaded = Given.Load(new Given
        {
            CommandLine = [new GivenSetting("listen.port", "", "--port")],
            Environment = { ["PORT"] = " ", ["LMSTUDIO_URL"] = "" },
            DotEnv = "PORT=\nGATEWAY_PORT=\"\"",
            Yaml = "listen:\n  port:\n  host: ''\nscheduling: ~\nsecurity:\n  cors_origins: []",
        });

        Assert.Empty(loaded.Errors);
        Assert.All(loaded.Effective, setting => Assert.Equal(LayerKind.Default, setting.Source.Layer));
    }

    private static (int, string) QueueLimit(LoadedSettings loaded) =>
        (loaded.Options.Scheduling.QueueLimit, loaded.Effective[Key].Source.Text);
}
