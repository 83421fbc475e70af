using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Configuration;

public sealed class BinderTests
{
    [Theory]
    [InlineData("LMGATEWAY_SCHEDULING__QUEUE_LIMIT", "many", "scheduling.queue_limit = \"many\" (environment LMGATEWAY_SCHEDULING__QUEUE_LIMIT): a whole number from 0 to 1000000 is expected, for instance 512")]
    [InlineData("LMGATEWAY_SCHEDULING__QUEUE_LIMIT", "-1", "scheduling.queue_limit = \"-1\" (environment LMGATEWAY_SCHEDULING__QUEUE_LIMIT): a whole number from 0 to 1000000 is expected, for instance 512")]
    [InlineData("LMGATEWAY_SCHEDULING__QUEUE_LIMIT", "1.5", "scheduling.queue_limit = \"1.5\" (environment LMGATEWAY_SCHEDULING__QUEUE_LIMIT): a whole number from 0 to 1000000 is expected, for instance 512")]
    [InlineData("PORT", "65536", "listen.port = \"65536\" (environment PORT): a whole number from 0 to 65535 is expected, for instance 8000")]
    [InlineData("PORT", "99999999999999999999", "listen.port = \"99999999999999999999\" (environment PORT): a whole number from 0 to 65535 is expected, for instance 8000")]
    [InlineData("PROXY_TIMEOUT", "2m", "timeouts.request = \"2m\" (environment PROXY_TIMEOUT): a whole number from 0 to 86400000 (ms) is expected, for instance 120000")]
    [InlineData("LMGATEWAY_LIMITS__HELD_BYTES", "12", "limits.held_bytes = \"12\" (environment LMGATEWAY_LIMITS__HELD_BYTES): a whole number of at least 1024 (bytes) is expected, for instance 536870912")]
    [InlineData("LMGATEWAY_CATALOG__POLL_SECONDS", "NaN", "catalog.poll_seconds = \"NaN\" (environment LMGATEWAY_CATALOG__POLL_SECONDS): a number from 0.1 to 3600 (s) is expected, for instance 5")]
    [InlineData("LMGATEWAY_RESOLVE__SUBSTRING", "perhaps", "resolve.substring = \"perhaps\" (environment LMGATEWAY_RESOLVE__SUBSTRING): true or false is expected")]
    [InlineData("LMGATEWAY_SCHEDULING__EVICT", "1", "scheduling.evict = \"1\" (environment LMGATEWAY_SCHEDULING__EVICT): one of idle, never is expected")]
    [InlineData("LOG_LEVEL", "loud", "log.level = \"loud\" (environment LOG_LEVEL): one of error, warn, info, debug, trace is expected")]
    [InlineData("INFERENCE_INFERENCE_PROVIDER", "openia", "inference.provider = \"openia\" (environment INFERENCE_INFERENCE_PROVIDER): one of lmstudio, openai, mock is expected")]
    [InlineData("INFERENCE_INFERENCE_HTTP_TIMEOUT_SECS", "0", "inference.http.timeout_secs = \"0\" (environment INFERENCE_INFERENCE_HTTP_TIMEOUT_SECS): a whole number from 1 to 3600 (s) is expected, for instance 60")]
    [InlineData("LMSTUDIO_URL", "localhost:1234", "lmstudio.base_url = \"localhost:1234\" (environment LMSTUDIO_URL): an http or https address without user name, query and fragment is expected, for instance http://127.0.0.1:1234")]
    [InlineData("LMSTUDIO_URL", "ftp://localhost:1234", "lmstudio.base_url = \"ftp://localhost:1234\" (environment LMSTUDIO_URL): an http or https address without user name, query and fragment is expected, for instance http://127.0.0.1:1234")]
    [InlineData("HOST", "my-desk", "listen.host = \"my-desk\" (environment HOST): an IP address, localhost or * (every interface) is expected, for instance 127.0.0.1")]
    [InlineData("HOST", "1", "listen.host = \"1\" (environment HOST): an IP address, localhost or * (every interface) is expected, for instance 127.0.0.1")]
    [InlineData("IP_ALLOWLIST", "10.0.0.1, 10.0.0.0/33", "security.ip_allowlist = \"10.0.0.0/33\" (environment IP_ALLOWLIST): an IP address, a network (CIDR) or * is expected, for instance 192.168.0.0/16")]
    [InlineData("IP_ALLOWLIST", "desk", "security.ip_allowlist = \"desk\" (environment IP_ALLOWLIST): an IP address, a network (CIDR) or * is expected, for instance 192.168.0.0/16")]
    [InlineData("LMGATEWAY_SECURITY__TRUSTED_PROXIES", "*", "security.trusted_proxies = \"*\" (environment LMGATEWAY_SECURITY__TRUSTED_PROXIES): an IP address or a network (CIDR) is expected, for instance 10.0.0.2")]
    [InlineData("LMGATEWAY_SECURITY__ALLOWED_HOSTS", "http://gateway.lan", "security.allowed_hosts = \"http://gateway.lan\" (environment LMGATEWAY_SECURITY__ALLOWED_HOSTS): a host name or IP address, with or without a port is expected, for instance gateway.lan")]
    [InlineData("CORS_ORIGINS", "chat.example.com", "security.cors_origins = \"chat.example.com\" (environment CORS_ORIGINS): an origin (scheme://host, without a path) or * is expected, for instance https://chat.example.com")]
    [InlineData("CORS_ORIGINS", "https://chat.example.com/app", "security.cors_origins = \"https://chat.example.com/app\" (environment CORS_ORIGINS): an origin (scheme://host, without a path) or * is expected, for instance https://chat.example.com")]
    [InlineData("GATEWAY_API_KEY", "with space", "security.api_key = \"***\" (environment GATEWAY_API_KEY): printable ASCII text is expected")]
    [InlineData("LMSTUDIO_MODELS_DIR", "$NOWHERE/models", "lmstudio.models_dir = \"$NOWHERE/models\" (environment LMSTUDIO_MODELS_DIR): the variable NOWHERE is not set; set it or write the path in full")]
    public void A_value_that_does_not_fit_is_refused_with_key_value_source_and_fix(string name, string value, string error) =>
        Assert.Equal(error, Given.ErrorOf(name, value));

    [Theory]
    [InlineData("https://127.0.0.1:8000")]
    [InlineData("http://127.0.0.1")]
    [InlineData("http://127.0.0.1:8000/path")]
    [InlineData("http://desk:8000")]
    [InlineData("http://::1:8000")]
    [InlineData("http://127.0.0.1:65536")]
    [InlineData("127.0.0.1:8000")]
    public void An_address_to_bind_that_cannot_be_bound_is_refused(string url) =>
        Assert.Equal(
            $"listen.urls = \"{url}\" (environment LMGATEWAY_LISTEN__URLS): an http address with a port and without a path is expected, for instance http://127.0.0.1:8002",
            Given.ErrorOf("LMGATEWAY_LISTEN__URLS", url));

    [Fact]
    public void All_errors_are_found_at_once()
    {
        var loaded = Given.Load(new Given
        {
            CommandLine = [new GivenSetting("listen.prt", "1", "--set"), new GivenSetting("listen.port", "x", "--port")],
            Environment = { ["LOG_LEVEL"] = "loud" },
            DotEnv = "\nIP_ALLOWLIST=desk",
            Yaml = "resolve:\n  substring: perhaps\nresolv: 1",
        });

        Assert.Equal(
            [
                "listen.prt (command line --set): there is no such setting; did you mean listen.port?",
                "resolv (lmgateway.yaml line 3): there is no such setting; did you mean resolve?",
                "listen.port = \"x\" (command line --port): a whole number from 0 to 65535 is expected, for instance 8000",
                "resolve.substring = \"perhaps\" (lmgateway.yaml line 2): true or false is expected",
                "security.ip_allowlist = \"desk\" (.env line 2): an IP address, a network (CIDR) or * is expected, for instance 192.168.0.0/16",
                "log.level = \"loud\" (environment LOG_LEVEL): one of error, warn, info, debug, trace is expected",
            ],
            loaded.Errors.Select(error => error.ToString()));
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("YES", true)]
    [InlineData("on", true)]
    [InlineData("1", true)]
    [InlineData("False", false)]
    [InlineData("no", false)]
    [InlineData("off", false)]
    [InlineData("0", false)]
    public void Flags_are_read_in_the_usual_ways(string text, bool value) =>
        Assert.Equal(value, Given.FromEnvironment(("LMGATEWAY_RESOLVE__SUBSTRING", text)).Options.Resolve.Substring);

    [Fact]
    public void Names_are_read_without_regard_to_case()
    {
        var options = Given.FromEnvironment(("LMGATEWAY_SCHEDULING__EVICT", "Never"), ("INFERENCE_INFERENCE_PROVIDER", "LMStudio")).Options;

        Assert.Equal((EvictPolicy.Never, "lmstudio"), (options.Scheduling.Evict, options.Inference.Provider));
    }

    [Fact]
    public void Lists_are_separated_by_commas_or_semicolons()
    {
        var options = Given.FromEnvironment(("IP_ALLOWLIST", "10.0.0.1, ::1 ,,192.168.1.7/24"), ("LMGATEWAY_LISTEN__URLS", "http://127.0.0.1:8000;http://[::1]:8002/")).Options;

        Assert.Equal(["10.0.0.1", "::1", "192.168.1.0/24"], options.Security.IpAllowlist);
        Assert.Equal(["http://127.0.0.1:8000", "http://[::1]:8002"], options.Listen.Urls);
    }

    [Theory]
    [InlineData("http://localhost:1234", "http://localhost:1234")]
    [InlineData("http://localhost:1234/", "http://localhost:1234")]
    [InlineData("http://localhost:1234/v1", "http://localhost:1234")]
    [InlineData("http://localhost:1234/v1/", "http://localhost:1234")]
    [InlineData("http://localhost:1234/api/v0", "http://localhost:1234")]
    [InlineData("http://localhost:1234/api/v1/", "http://localhost:1234")]
    [InlineData("http://LOCALHOST:1234//", "http://localhost:1234")]
    [InlineData("https://models.example.com/lmstudio/v1", "https://models.example.com/lmstudio")]
    [InlineData("ws://127.0.0.1:1234", "http://127.0.0.1:1234")]
    [InlineData("wss://models.example.com/", "https://models.example.com")]
    [InlineData("http://[::1]:1234/v1", "http://[::1]:1234")]
    public void A_base_url_loses_the_apis_path_and_trailing_slashes(string value, string address) =>
        Assert.Equal(address, Given.FromEnvironment(("LMSTUDIO_BASE_URL", value)).Options.LmStudio.BaseUrl);

    [Theory]
    [InlineData("~", "/home/ada")]
    [InlineData("~/models", "/home/ada/models")]
    [InlineData("$HOME/models", "/home/ada/models")]
    [InlineData("${HOME}/models", "/home/ada/models")]
    [InlineData("%USERPROFILE%\\.lmstudio\\models", "/home/ada\\.lmstudio\\models")]
    [InlineData("$DISK/models", "/mnt/big/models")]
    [InlineData("/a~b/100%/models", "/a~b/100%/models")]
    public void Variables_and_the_home_folder_are_expanded_in_paths(string value, string path) =>
        Assert.Equal(path, Given.FromEnvironment(("LMSTUDIO_MODELS_DIR", value), ("DISK", "/mnt/big")).Options.LmStudio.ModelsDir);

    [Fact]
    public void Default_paths_are_expanded_too()
    {
        var options = Given.Nothing().Options;

        Assert.Equal(("/home/ada/.lmstudio/models", "/home/ada/.config/lmgateway"), (options.LmStudio.ModelsDir, options.StateDir));
    }

    [Fact]
    public void A_dollar_sign_in_a_key_is_left_alone() =>
        Assert.Equal("a$HOME~", Given.FromEnvironment(("GATEWAY_API_KEY", "a$HOME~")).Options.Security.ApiKey);

    [Theory]
    [InlineData("LMGATEWAY_LISTEN__PRT", "environment LMGATEWAY_LISTEN__PRT: there is no such setting; did you mean LMGATEWAY_LISTEN__PORT?")]
    [InlineData("LMGATEWAY_STATEDIR", "environment LMGATEWAY_STATEDIR: there is no such setting; did you mean LMGATEWAY_STATE_DIR?")]
    [InlineData("INFERENCE_INFERENCE_HTTP_TIMEOUT_SEC", "environment INFERENCE_INFERENCE_HTTP_TIMEOUT_SEC: there is no such setting; did you mean INFERENCE_INFERENCE_HTTP_TIMEOUT_SECS?")]
    [InlineData("LMGATEWAY_WEATHER__FORECAST", "environment LMGATEWAY_WEATHER__FORECAST: there is no such setting; lmgateway.example.yaml lists all")]
    public void A_misspelt_name_of_ours_in_the_environment_gives_a_warning(string name, string warning) =>
        Assert.Equal([warning], Given.FromEnvironment((name, "1")).Warnings);

    [Theory]
    [InlineData("LMSTUDIO_BASEURL", "environment")]
    [InlineData("PATH", "environment")]
    [InlineData("DATABASE_URL", ".env")]
    [InlineData("POST", ".env")]
    public void Names_of_other_programs_are_left_alone(string name, string layer)
    {
        var given = layer == ".env" ? new Given { DotEnv = $"{name}=1" } : new Given { Environment = { [name] = "1" } };

        Assert.Empty(Given.Load(given).Warnings);
    }

    [Fact]
    public void A_misspelt_name_in_dot_env_gives_a_warning() =>
        Assert.Equal(
            ["LMSTUDIO_BASEURL (.env line 1): there is no such setting; did you mean LMSTUDIO_BASE_URL?"],
            Given.FromDotEnv("LMSTUDIO_BASEURL=http://127.0.0.1:1").Warnings);
}
