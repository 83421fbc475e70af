using LmGateway.Cli;
using LmGateway.Configuration;
using LmGateway.Tests.Configuration;
using Xunit;

namespace LmGateway.Tests.Cli;

public sealed class StartupSummaryTests
{
    [Fact]
    public void It_says_what_is_on_where_it_listens_what_is_behind_it_and_where_that_was_set() =>
        Assert.Equal(
            """
            LmGateway 0.1.0 is up, node desk
              listening  http://127.0.0.1:41234
              APIs       /v1 (OpenAI, Anthropic messages), /api/v0 and /api/v1 (LM Studio), /chat, /models, /admin, /debug, /mcp, /health
              NATS       lmstudio.> at nats://127.0.0.1:4222 (default), if there is one, queue group lmstudio-workers
              backend    LM Studio at http://127.0.0.1:1234 (default)
              models     loaded on demand, unloaded after 3600 s idle
              access     no key, only from this machine
              settings   1 from .env, the rest are defaults; 'lmgateway doctor' lists them

            """.ReplaceLineEndings(),
            Summary(new Given { DotEnv = "LMGATEWAY_NODE=desk" }, "http://127.0.0.1:41234"));

    [Fact]
    public void It_tells_every_layer_the_contract_the_protection_and_the_warnings()
    {
        var summary = Summary(
            new Given
            {
                CommandLine = [new GivenSetting("listen.host", "0.0.0.0", "--host")],
                Environment = { ["GATEWAY_API_KEY"] = "hunter2", ["LM_API_TOKEN"] = "sk-lm-a", ["RUST_LOG"] = "x=y", ["LMSTUDIO_URL"] = "http://10.0.0.9:1234", ["NATS_URL"] = "nats://ada:pass@10.0.0.8:4222" },
                Yaml = "node: desk\ninference:\n  allowed_models: [a/b, c/d]\nscheduling:\n  on_demand:\n    ttl_seconds: 0",
            },
            "http://0.0.0.0:8000");

        Assert.Equal(
            """
            LmGateway 0.1.0 is up, node desk
              listening  http://0.0.0.0:8000
              APIs       /v1 (OpenAI, Anthropic messages), /api/v0 and /api/v1 (LM Studio), /chat, /models, /admin, /debug, /mcp, /health
              NATS       lmstudio.> at nats://***@10.0.0.8:4222 (environment NATS_URL), queue group lmstudio-workers
              backend    LM Studio at http://10.0.0.9:1234 (environment LMSTUDIO_URL), with an API token
              models     loaded on demand, kept; default none, allowed a/b, c/d
              access     key needed, from everywhere
              settings   1 from the command line, 4 from the environment, 3 from lmgateway.yaml, the rest are defaults; 'lmgateway doctor' lists them
              warning    environment RUST_LOG is ignored: one of error, warn, info, debug, trace is expected.

            """.ReplaceLineEndings(),
            summary);
    }

    [Theory]
    [InlineData("inference:\n  provider: mock\n  mock: { responses_dir: /m }", "  backend    canned replies from /m (lmgateway.yaml line 3)")]
    [InlineData("inference:\n  provider: openai\n  base_url: https://api.openai.com/v1\n  openai: { api_key: sk-secret }", "  backend    OpenAI's API at https://api.openai.com (lmgateway.yaml line 3), with a key")]
    public void It_names_the_provider(string yaml, string row)
    {
        var summary = Summary(new Given { Yaml = yaml }, "http://127.0.0.1:8000");
        Assert.Contains(row + Environment.NewLine, summary, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-secret", summary, StringComparison.Ordinal);
    }

    [Fact]
    public void With_HTTP_off_it_says_so() =>
        Assert.Contains("  listening  HTTP is off" + Environment.NewLine, Summary(new Given { Yaml = "listen:\n  http: false" }), StringComparison.Ordinal);

    [Fact]
    public void With_NATS_off_it_says_so() =>
        Assert.Contains("  NATS       off" + Environment.NewLine, Summary(new Given { Environment = { ["NATS_URL"] = "" } }), StringComparison.Ordinal);

    [Fact]
    public void An_allowlist_and_models_that_are_not_loaded_are_told()
    {
        var summary = Summary(new Given { Environment = { ["IP_ALLOWLIST"] = "10.0.0.0/8" }, Yaml = "scheduling:\n  on_demand:\n    enabled: false" }, "http://127.0.0.1:8000");

        Assert.Contains("no key, only from 10.0.0.0/8", summary, StringComparison.Ordinal);
        Assert.Contains("not loaded on demand", summary, StringComparison.Ordinal);
    }

    [Fact]
    public void The_demo_prints_three_commands_to_try()
    {
        using var output = new StringWriter();
        StartupSummary.WriteDemo("http://127.0.0.1:41234", output);

        var commands = output.ToString().Split('\n').Where(line => line.StartsWith("  curl ", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, commands.Count);
        Assert.All(commands, command => Assert.Contains("http://127.0.0.1:41234/", command, StringComparison.Ordinal));
        Assert.Contains("-d '{\"model\":", commands[1], StringComparison.Ordinal);
    }

    private static string Summary(Given given, params string[] addresses)
    {
        using var output = new StringWriter();
        StartupSummary.Write(Given.Load(given), addresses, output);
        return output.ToString();
    }
}
