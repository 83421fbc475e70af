using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Configuration;

public sealed class SettingRulesTests
{
    private const string HowToProtect =
        "other machines can reach this address, so callers must be told apart: set a key (GATEWAY_API_KEY or security.api_key) or an allowlist " +
        "(IP_ALLOWLIST or security.ip_allowlist, for instance 192.168.0.0/16), or accept the risk with security.allow_insecure: true";

    public static TheoryData<string, string> ExposedHosts() => new()
    {
        { "0.0.0.0", "0.0.0.0" }, { "*", "*" }, { "+", "*" }, { "[::]", "::" }, { "::", "::" }, { "192.168.1.20", "192.168.1.20" }, { "fe80::1", "fe80::1" },
    };

    [Theory]
    [MemberData(nameof(ExposedHosts))]
    public void Binding_beyond_loopback_without_protection_is_refused(string host, string shown) =>
        Assert.Equal($"listen.host = \"{shown}\" (environment HOST): {HowToProtect}", Given.ErrorOf("HOST", host));

    [Theory]
    [InlineData("http://0.0.0.0:8000", "http://0.0.0.0:8000")]
    [InlineData("http://*:8000", "http://*:8000")]
    [InlineData("http://+:8000", "http://*:8000")]
    [InlineData("http://[::]:8000", "http://[::]:8000")]
    [InlineData("http://127.0.0.1:8000;http://10.0.0.7:8000", "http://10.0.0.7:8000")]
    public void So_is_an_address_in_listen_urls(string urls, string shown) =>
        Assert.Equal($"listen.urls = \"{shown}\" (environment LMGATEWAY_LISTEN__URLS): {HowToProtect}", Given.ErrorOf("LMGATEWAY_LISTEN__URLS", urls));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.1.2.3")]
    [InlineData("localhost")]
    [InlineData("[::1]")]
    [InlineData("::ffff:127.0.0.1")]
    public void Loopback_needs_no_protection(string host) => Assert.Empty(Given.FromEnvironment(("HOST", host)).Errors);

    [Theory]
    [InlineData("GATEWAY_API_KEY", "secret")]
    [InlineData("IP_ALLOWLIST", "192.168.0.0/16")]
    [InlineData("LMGATEWAY_SECURITY__ALLOW_INSECURE", "true")]
    [InlineData("LMGATEWAY_LISTEN__HTTP", "false")]
    public void A_key_an_allowlist_or_the_accepted_risk_lets_it_bind(string name, string value) =>
        Assert.Empty(Given.FromEnvironment(("HOST", "0.0.0.0"), (name, value)).Errors);

    [Theory]
    [InlineData("*")]
    [InlineData("10.0.0.1, *")]
    [InlineData("0.0.0.0/0")]
    [InlineData("::/0")]
    public void An_allowlist_that_lets_everyone_in_is_none(string allowlist) =>
        Assert.Equal("listen.host", Assert.Single(Given.FromEnvironment(("HOST", "*"), ("IP_ALLOWLIST", allowlist)).Errors).Key);

    [Fact]
    public void An_accepted_risk_is_said_at_every_start() =>
        Assert.Equal(
            ["listen.host = \"*\" (command line --host): whoever can reach this address can use the service and change its models (security.allow_insecure)."],
            Given.Load(new Given
            {
                CommandLine = [new GivenSetting("listen.host", "*", "--host")],
                Yaml = "security:\n  allow_insecure: true",
            }).Warnings);

    [Fact]
    public void A_default_model_outside_the_allowed_ones_is_refused() =>
        Assert.Equal(
            "inference.default_model = \"llama\" (lmgateway.yaml line 2): a model of inference.allowed_models is expected, for instance qwen/qwen3-4b-2507; or add this one to the list",
            Assert.Single(Given.FromYaml("inference:\n  default_model: llama\n  allowed_models: [qwen/qwen3-4b-2507]").Errors).ToString());

    [Theory]
    [InlineData("qwen/qwen3-4b-2507")]
    [InlineData("Qwen3-4B")]
    public void A_default_model_may_be_a_part_of_an_allowed_name(string model) =>
        Assert.Empty(Given.FromYaml($"inference:\n  default_model: {model}\n  allowed_models: [qwen/qwen3-4b-2507]").Errors);

    [Theory]
    [InlineData("http://127.0.0.1:8000", "127.0.0.1")]
    [InlineData("http://localhost:8000/v1", "127.0.0.1")]
    [InlineData("http://[::1]:8000", "[::1]")]
    [InlineData("http://127.0.0.5:8000", "localhost")]
    public void A_gateway_that_would_be_its_own_backend_is_refused(string url, string host) =>
        Assert.Equal(
            $"lmstudio.base_url = \"{url.Replace("/v1", "", StringComparison.Ordinal)}\" (environment LMSTUDIO_URL): this is the gateway's own address; LM Studio's is expected, for instance http://127.0.0.1:1234",
            Assert.Single(Given.FromEnvironment(("LMSTUDIO_URL", url), ("HOST", host)).Errors).ToString());

    [Theory]
    [InlineData("http://127.0.0.2:8000", "127.0.0.1")]
    [InlineData("http://127.0.0.1:8001", "127.0.0.1")]
    [InlineData("http://10.0.0.7:8000", "127.0.0.1")]
    public void A_backend_on_another_address_is_not_the_gateway(string url, string host) =>
        Assert.Empty(Given.FromEnvironment(("LMSTUDIO_URL", url), ("HOST", host)).Errors);

    [Fact]
    public void A_free_port_cannot_be_taken_on_localhost_which_is_two_addresses() =>
        Assert.Equal(
            "listen.host = \"localhost\" (environment HOST): with port 0 one address is expected: 127.0.0.1 or ::1",
            Assert.Single(Given.FromEnvironment(("HOST", "localhost"), ("PORT", "0")).Errors).ToString());

    [Fact]
    public void A_port_of_a_stronger_layer_stands_instead_of_listen_urls()
    {
        var loaded = Given.Load(new Given
        {
            CommandLine = [new GivenSetting("listen.port", "9000", "--port")],
            Yaml = "listen:\n  urls: http://127.0.0.1:8002",
        });

        Assert.Equal(["http://127.0.0.1:9000"], loaded.Options.Listen.Addresses.Select(address => address.ToString()));
        Assert.Equal("default", loaded.Effective["listen.urls"].Source.Text);
        Assert.Equal(["listen.urls (lmgateway.yaml line 2) is not used: listen.port (command line --port) is stronger."], loaded.Warnings);
    }

    [Fact]
    public void Listen_urls_stand_instead_of_host_and_port_otherwise()
    {
        var loaded = Given.FromYaml("listen:\n  urls: http://127.0.0.1:8002;http://localhost:3000\n  port: 9000");

        Assert.Equal(["http://127.0.0.1:8002", "http://localhost:3000"], loaded.Options.Listen.Addresses.Select(address => address.ToString()));
        Assert.Equal(["listen.port = \"9000\" (lmgateway.yaml line 3) is not used: listen.urls (lmgateway.yaml line 2) gives whole addresses."], loaded.Warnings);
    }

    [Fact]
    public void Settings_without_effect_are_told() =>
        Assert.Equal(
            ["security.require_auth_for_health has no effect without a key."],
            Given.FromEnvironment(("REQUIRE_AUTH_FOR_HEALTH", "true")).Warnings);

    [Fact]
    public void Forwarding_callers_tokens_has_no_effect_beside_a_key() =>
        Assert.Equal(
            ["passthrough.authorization has no effect while a key is set: callers' tokens are the gateway's own key."],
            Given.FromEnvironment(("GATEWAY_API_KEY", "k"), ("LMGATEWAY_PASSTHROUGH__AUTHORIZATION", "true")).Warnings);
}
