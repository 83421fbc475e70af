using System.Text.RegularExpressions;
using LmGateway.Configuration;
using LmGateway.Tests.Configuration;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>The settings that both documents print beyond their main examples, read by the real loader.</summary>
public sealed class SettingsExamplesTests
{
    private const string AdminGateway = SourceDocument.AdminGatewayFile;
    private const string Provider = SourceDocument.ProviderFile;

    [Theory]
    [InlineData("Required", "http://127.0.0.1:1234")]
    [InlineData("Optional", "http://127.0.0.1:9999")]
    [Example(AdminGateway, "Required")]
    [Example(AdminGateway, "Optional")]
    [Trait("req", "S4-04")]
    public void S4_04_the_address_of_LM_Studio(string name, string expected) =>
        Assert.Equal(expected, Load(SourceDocument.AdminGateway[name]).Options.LmStudio.BaseUrl);

    [Theory]
    [InlineData("Inference Timeouts", 120_000, 0)]
    [InlineData("Inference Request Timeouts #1", 120_000, 0)]
    [InlineData("Inference Request Timeouts #2", 300_000, 0)]
    [Example(AdminGateway, "Inference Timeouts")]
    [Example(AdminGateway, "Inference Request Timeouts #1")]
    [Example(AdminGateway, "Inference Request Timeouts #2")]
    [Trait("req", "S4-58")]
    [Trait("req", "S4-59")]
    [Trait("req", "S4-67")]
    public void S4_58_and_S4_59_the_time_limits_in_milliseconds(string name, int request, int stream)
    {
        var timeouts = Load(SourceDocument.AdminGateway[name]).Options.Timeouts;
        Assert.Equal((request, stream), (timeouts.RequestMs, timeouts.StreamMs));
        Assert.Equal(Timeout.InfiniteTimeSpan, timeouts.StreamTimeout);
    }

    [Fact]
    [Example(AdminGateway, "Inference Request Timeouts #3")]
    [Trait("req", "S4-60")]
    public void S4_60_the_log_level() =>
        Assert.Equal(LogThreshold.Debug, Load(SourceDocument.AdminGateway["Inference Request Timeouts #3"]).Options.Log.Level);

    [Fact]
    [Example(Provider, "Debugging")]
    public void S2_17_RUST_LOG_in_front_of_the_command()
    {
        var words = ShellText.Commands(SourceDocument.Provider["Debugging"]).Single();
        Assert.Equal(LogThreshold.Debug, Load(words[0]).Options.Log.Level);
    }

    [Theory]
    [InlineData("Recommended Settings #1", 60, 10)]
    [InlineData("Recommended Settings #2", 120, 15)]
    [Example(Provider, "Recommended Settings #1")]
    [Example(Provider, "Recommended Settings #2")]
    public void S2_49_the_recommended_time_limits(string name, int total, int connect)
    {
        var loaded = Given.FromYaml("inference:\n  " + SourceDocument.Provider[name].Replace("\n", "\n  "));
        Assert.Empty(loaded.Errors);
        Assert.Equal((TimeSpan.FromSeconds(total), TimeSpan.FromSeconds(connect)), (loaded.Options.RequestTimeout, loaded.Options.ConnectTimeout));
        Assert.False(loaded.Options.Inference.IsProviderContract);
    }

    [Fact]
    [Example(Provider, "Common Issues #3")]
    public void S2_14_the_longer_time_limit_of_the_troubleshooting() =>
        Assert.Equal(TimeSpan.FromMinutes(2), Load(Exports(SourceDocument.Provider["Common Issues #3"])).Options.RequestTimeout);

    [Fact]
    [Example(Provider, "Docker Compose")]
    public void S2_53_the_environment_of_the_compose_file()
    {
        var lines = Regex.Matches(SourceDocument.Provider["Docker Compose"], "^ +- (?<pair>INFERENCE_[A-Z_]+=.*)$", RegexOptions.Multiline, TimeSpan.FromSeconds(10));
        Assert.Equal(3, lines.Count);
        AssertProvider(Load(string.Join('\n', lines.Select(line => line.Groups["pair"].Value))), "http://lm-studio:1234", "local-model");
    }

    [Fact]
    [Example(Provider, "SystemD Service")]
    public void S2_54_the_environment_of_the_systemd_unit()
    {
        var lines = Regex.Matches(SourceDocument.Provider["SystemD Service"], "^Environment=\"(?<pair>.*)\"$", RegexOptions.Multiline, TimeSpan.FromSeconds(10));
        Assert.Equal(2, lines.Count);
        AssertProvider(Load(string.Join('\n', lines.Select(line => line.Groups["pair"].Value))), "http://localhost:1234", null);
    }

    private static void AssertProvider(LoadedSettings loaded, string address, string? model)
    {
        Assert.Equal(("lmstudio", address), (loaded.Options.Inference.Provider, loaded.Options.LmStudio.BaseUrl));
        Assert.Equal(model, loaded.Options.Inference.DefaultModel);
    }

    /// <summary>The lines as the environment of the process, which is how containers and units give them.</summary>
    private static LoadedSettings Load(string lines)
    {
        var pairs = lines.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split('=', 2));
        var loaded = Given.Load(new Given { Environment = pairs.ToDictionary(pair => pair[0], pair => pair[1]) });
        Assert.Empty(loaded.Errors);
        Assert.Empty(loaded.Warnings);
        return loaded;
    }

    private static string Exports(string script) =>
        string.Join('\n', ShellText.Commands(script).Where(words => words[0] == "export").Select(words => words[1]));
}
