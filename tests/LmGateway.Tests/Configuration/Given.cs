using LmGateway.Configuration;

namespace LmGateway.Tests.Configuration;

/// <summary>What a test gives the loader: texts in place of files, pairs in place of the process environment.</summary>
internal sealed record Given
{
    public const string Home = "/home/ada";

    public string? Yaml { get; init; }
    public string? DotEnv { get; init; }
    public Dictionary<string, string> Environment { get; init; } = [];
    public GivenSetting[] CommandLine { get; init; } = [];

    public static LoadedSettings Load(Given given) => SettingsLoader.Load(new SettingsInputs
    {
        CommandLine = given.CommandLine,
        Environment = given.Environment,
        DotEnv = given.DotEnv is null ? null : new SettingsText(".env", given.DotEnv),
        File = given.Yaml is null ? null : new SettingsText("lmgateway.yaml", given.Yaml),
        Home = Home,
        ConfigurationFolder = Home + "/.config/lmgateway",
    });

    public static LoadedSettings Nothing() => Load(new Given());

    public static LoadedSettings FromYaml(string yaml) => Load(new Given { Yaml = yaml });

    public static LoadedSettings FromDotEnv(string text) => Load(new Given { DotEnv = text });

    public static LoadedSettings FromEnvironment(params (string Name, string Value)[] pairs) =>
        Load(new Given { Environment = pairs.ToDictionary(pair => pair.Name, pair => pair.Value) });

    /// <summary>The only error of one environment value.</summary>
    public static string ErrorOf(string name, string value) =>
        Xunit.Assert.Single(FromEnvironment((name, value)).Errors).ToString();
}
