using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Configuration;

/// <summary>Names that people also set for other programs.</summary>
public sealed class ForeignNamesTests
{
    [Theory]
    [InlineData("https://api.openai.com/v1")]
    [InlineData("http://8.8.8.8:1234/v1")]
    [InlineData("http://134744072/v1")]
    [InlineData("http://172.32.0.1:1234")]
    [InlineData("http://[2001:db8::1]:1234")]
    [InlineData("http://localhost.example.com:1234")]
    [InlineData("http://user@localhost:1234")]
    [InlineData("not an address")]
    public void A_public_OPENAI_BASE_URL_is_put_aside_with_a_warning(string value)
    {
        var loaded = Given.FromEnvironment(("OPENAI_BASE_URL", value), ("OPENAI_API_KEY", "sk-cloud"));

        Assert.Equal("http://127.0.0.1:1234", loaded.Options.LmStudio.BaseUrl);
        Assert.Null(loaded.Options.LmStudio.ApiToken);
        Assert.Empty(loaded.Errors);
        Assert.Equal(["environment OPENAI_BASE_URL is ignored: it is not a loopback or private address. To use it as the backend set LMSTUDIO_BASE_URL."], loaded.Warnings);
    }

    [Theory]
    [InlineData("http://localhost:1234/v1", "http://localhost:1234")]
    [InlineData("http://127.0.0.2:1234/v1", "http://127.0.0.2:1234")]
    [InlineData("http://[::1]:1234/v1", "http://[::1]:1234")]
    [InlineData("http://192.168.1.20:1234/v1", "http://192.168.1.20:1234")]
    [InlineData("http://10.1.2.3/v1", "http://10.1.2.3")]
    [InlineData("http://172.31.0.1:1234/v1", "http://172.31.0.1:1234")]
    [InlineData("http://[fd00::1]:1234/v1", "http://[fd00::1]:1234")]
    [InlineData("http://host.docker.internal:1234/v1", "http://host.docker.internal:1234")]
    [InlineData("http://lm-studio:1234/v1", "http://lm-studio:1234")]
    [InlineData("http://desk.local:1234/v1", "http://desk.local:1234")]
    public void A_private_OPENAI_BASE_URL_is_the_backend_and_gets_OPENAI_API_KEY(string value, string address)
    {
        var loaded = Given.FromEnvironment(("OPENAI_BASE_URL", value), ("OPENAI_API_KEY", "lm-studio"));

        Assert.Equal((address, "lm-studio"), (loaded.Options.LmStudio.BaseUrl, loaded.Options.LmStudio.ApiToken));
        Assert.Empty(loaded.Warnings);
    }

    [Fact]
    public void OPENAI_API_KEY_alone_goes_nowhere() =>
        Assert.Null(Given.FromEnvironment(("OPENAI_API_KEY", "sk-cloud")).Options.LmStudio.ApiToken);

    [Fact]
    public void OPENAI_API_KEY_does_not_go_to_an_address_that_another_name_gave() =>
        Assert.Null(Given.FromEnvironment(
            ("OPENAI_BASE_URL", "http://localhost:1234/v1"), ("OPENAI_API_KEY", "sk-one"), ("LMSTUDIO_URL", "http://192.168.1.20:1234")).Options.LmStudio.ApiToken);

    [Fact]
    public void OPENAI_API_KEY_goes_along_where_another_name_gave_the_same_address() =>
        Assert.Equal("sk-one", Given.FromEnvironment(
            ("OPENAI_BASE_URL", "http://localhost:1234/v1"), ("OPENAI_API_KEY", "sk-one"), ("LMSTUDIO_URL", "http://localhost:1234")).Options.LmStudio.ApiToken);

    [Fact]
    public void LM_API_TOKEN_wins_over_OPENAI_API_KEY() =>
        Assert.Equal("sk-lm-a:b", Given.FromEnvironment(
            ("OPENAI_BASE_URL", "http://localhost:1234/v1"), ("OPENAI_API_KEY", "lm-studio"), ("LM_API_TOKEN", "sk-lm-a:b")).Options.LmStudio.ApiToken);

    [Fact]
    public void A_public_address_in_the_environment_is_not_replaced_by_one_in_dot_env_to_which_the_cloud_key_would_go()
    {
        var loaded = Given.Load(new Given
        {
            Environment = { ["OPENAI_BASE_URL"] = "https://api.openai.com/v1", ["OPENAI_API_KEY"] = "sk-cloud" },
            DotEnv = "OPENAI_BASE_URL=http://192.168.1.20:1234/v1",
        });

        Assert.Equal(("http://127.0.0.1:1234", null), (loaded.Options.LmStudio.BaseUrl, loaded.Options.LmStudio.ApiToken));
    }

    [Theory]
    [InlineData("debug", LogThreshold.Debug)]
    [InlineData("WARN", LogThreshold.Warn)]
    [InlineData("hyper=trace,error,tokio=info", LogThreshold.Error)]
    public void The_plain_level_of_RUST_LOG_counts(string value, object level)
    {
        var loaded = Given.FromEnvironment(("RUST_LOG", value));

        Assert.Equal(level, loaded.Options.Log.Level);
        Assert.Empty(loaded.Warnings);
    }

    [Fact]
    public void A_RUST_LOG_for_other_programs_is_put_aside_with_a_warning()
    {
        var loaded = Given.FromEnvironment(("RUST_LOG", "my_crate=debug"));

        Assert.Equal(LogThreshold.Info, loaded.Options.Log.Level);
        Assert.Empty(loaded.Errors);
        Assert.Equal(["environment RUST_LOG is ignored: one of error, warn, info, debug, trace is expected."], loaded.Warnings);
    }

    [Fact]
    public void Names_that_later_parts_of_the_product_read_are_accepted_in_silence()
    {
        var lines = ReservedNames.Notes.Keys.Select(name => $"{name}=x");

        var loaded = Given.Load(new Given
        {
            DotEnv = string.Join('\n', lines),
            Environment = ReservedNames.Notes.Keys.ToDictionary(name => name, _ => "x"),
        });

        Assert.Empty(loaded.Errors);
        Assert.Empty(loaded.Warnings);
    }

    [Fact]
    public void No_reserved_name_is_a_settings_name() =>
        Assert.DoesNotContain(ReservedNames.Notes.Keys, SettingTable.HasEnvironmentName);
}
