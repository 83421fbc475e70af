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

    /// <param name="command">Gets the options.</param>
    /// <param name="isClient">The command talks to a service instead of being one: where that listens is then no business of its help.</param>
    public SettingsOptions(Command command, bool isClient = false)
    {
        _set.Validators.Add(RequireKeyAndValue);
        command.Options.Add(_config);
        command.Options.Add(_set);
        foreach (var (option, _) in _shortcuts)
        {
            option.Hidden = isClient;
            command.Options.Add(option);
        }
    }

    /// <summary>Keys of <c>--set</c> that are no settings are the command's own.</summary>
    public bool TakesOthers
    {
        get;
        set
        {
            field = value;
            _set.Description = value ? "A load parameter (flashAttention=true, gpu.mainGpu=1), or a setting; may be given several times." : _set.Description;
        }
    }

    /// <summary>What <c>--set</c> gave that is no setting, where the command takes it.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Others(ParseResult parsed) =>
        [.. AllSets(parsed).Where(pair => TakesOthers && !IsSetting(pair.Key)).Select(pair => KeyValuePair.Create(pair.Key, pair.Value))];

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

    private IEnumerable<GivenSetting> Sets(ParseResult parsed) => AllSets(parsed).Where(pair => !TakesOthers || IsSetting(pair.Key));

    private static bool IsSetting(string key) => SettingTable.All.Any(setting => setting.Key == key);

    private IEnumerable<GivenSetting> AllSets(ParseResult parsed)
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
