using System.CommandLine;
using System.CommandLine.Parsing;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary>The options by which a command takes settings: they are the strongest layer. Their values are checked with all other settings.</summary>
internal sealed class SettingsOptions
{
    private readonly Option<string?> _config = new("--config") { HelpName = "FILE", Description = "Read this file instead of looking for lmgateway.yaml." };
    private readonly Option<string[]> _set = new("--set") { HelpName = "key=value", Description = "Set any setting; may be given several times." };
    private readonly (Option<string?> Option, string Key)[] _shortcuts =
    [
        (new("--host") { HelpName = "ADDRESS", Description = "Address to bind (listen.host)." }, "listen.host"),
        (new("--port") { HelpName = "PORT", Description = "Port to bind (listen.port)." }, "listen.port"),
        (new("--urls") { HelpName = "URLS", Description = "Full addresses to bind, separated by ';' (listen.urls)." }, "listen.urls"),
    ];

    public SettingsOptions(Command command)
    {
        _set.Validators.Add(RequireKeyAndValue);
        command.Options.Add(_config);
        command.Options.Add(_set);
        foreach (var (option, _) in _shortcuts) command.Options.Add(option);
    }

    /// <param name="parsed">The command line.</param>
    /// <param name="surroundings">Where the other layers are.</param>
    /// <param name="implied">What the command itself sets.</param>
    public LoadedSettings Load(ParseResult parsed, CommandSurroundings surroundings, params IEnumerable<GivenSetting> implied) =>
        SettingsLoader.Load(SettingsFiles.Read(Places(parsed, surroundings, implied)));

    /// <summary>The same for a service that reads them again while it runs.</summary>
    public SettingsOrigin Origin(ParseResult parsed, CommandSurroundings surroundings, params IEnumerable<GivenSetting> implied) => SettingsOrigin.Of(Places(parsed, surroundings, implied));

    /// <summary>The same for a program that may be started inside a stranger's folder: nothing in it counts but a file named by <c>--config</c>.</summary>
    public LoadedSettings LoadFromHome(ParseResult parsed, CommandSurroundings surroundings) =>
        SettingsLoader.Load(SettingsFiles.Read(Places(parsed, surroundings, []) with { TrustWorkingFolder = false }));

    private SettingsPlaces Places(ParseResult parsed, CommandSurroundings surroundings, IEnumerable<GivenSetting> implied) => new()
    {
        WorkingFolder = surroundings.WorkingFolder,
        Environment = surroundings.Environment,
        ConfigFile = parsed.GetValue(_config),
        CommandLine = [.. Shortcuts(parsed), .. Sets(parsed), .. implied],
    };

    private IEnumerable<GivenSetting> Shortcuts(ParseResult parsed)
    {
        foreach (var (option, key) in _shortcuts)
            if (parsed.GetValue(option) is { } value) yield return new GivenSetting(key, value, option.Name);
    }

    private IEnumerable<GivenSetting> Sets(ParseResult parsed)
    {
        foreach (var pair in parsed.GetValue(_set) ?? [])
            if (pair.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals) yield return new GivenSetting(pair[..equals].Trim(), pair[(equals + 1)..], _set.Name);
    }

    private static void RequireKeyAndValue(OptionResult result)
    {
        foreach (var token in result.Tokens)
            if (token.Value.IndexOf('=', StringComparison.Ordinal) <= 0)
                result.AddError($"--set {token.Value}: key=value is expected, for instance --set scheduling.queue_limit=100");
    }
}
