using System.Text.Json;
using LmGateway.Cli;
using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Cli;

/// <summary>Runs the commands in a folder of their own; what they would start is recorded.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lmgateway-cli-").FullName;
    private readonly Dictionary<string, string> _environment = [];
    private readonly StringWriter _out = new();
    private readonly StringWriter _error = new();
    private ServeSettings? _served;
    private LoadedSettings? _loaded;
    private SimulateSettings? _simulated;
    private IReadOnlyList<string>? _lms;

    public CommandLineTests() => _environment["HOME"] = _environment["APPDATA"] = _environment["XDG_CONFIG_HOME"] = _folder;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData]
    [InlineData("serve")]
    public async Task Without_a_command_the_service_is_served(params string[] arguments)
    {
        Assert.Equal(7, await RunAsync(arguments));

        Assert.NotNull(_served);
        Assert.False(_served.Demo);
        Assert.Equal(8000, _served.Options.Listen.Port);
    }

    [Theory]
    [InlineData("--demo")]
    [InlineData("serve", "--demo")]
    [InlineData("--demo", "--port", "0")]
    public async Task The_demo_can_be_asked_for_with_and_without_the_command(params string[] arguments)
    {
        await RunAsync(arguments);

        Assert.True(_served!.Demo);
    }

    [Fact]
    public async Task A_stop_while_a_command_is_still_starting_is_an_end_in_order()
    {
        using var stop = new CancellationTokenSource();
        var handlers = new CommandHandlers
        {
            Serve = async (_, _, cancellationToken) =>
            {
                await stop.CancelAsync();
                cancellationToken.ThrowIfCancellationRequested();
                return ExitCodes.Failed;
            },
            Mcp = (_, _, _) => Task.FromResult(0),
            Simulate = (_, _, _) => Task.FromResult(0),
            SimulateLms = (_, _) => Task.FromResult(0),
        };

        Assert.Equal(ExitCodes.Success, await CommandLine.RunAsync(["--demo"], handlers, Surroundings(), stop.Token));
    }

    [Fact]
    public async Task What_is_set_for_a_real_LM_Studio_does_not_stop_the_demo()
    {
        _environment["LMSTUDIO_URL"] = "nonsense";
        await RunAsync("--demo", "--port", "1234");

        Assert.Equal("http://127.0.0.1:5555", _served!.Loaded.WithSimulatorAt("http://127.0.0.1:5555").Options.LmStudio.BaseUrl);
        Assert.Equal("", _error.ToString());
    }

    [Fact]
    public async Task Options_are_the_strongest_settings()
    {
        _environment["PORT"] = "1";
        await RunAsync("--host", "127.0.0.2", "--port", "9001", "--set", "scheduling.evict=never", "--set", "node=a=b");

        Assert.Equal(["http://127.0.0.2:9001"], _served!.Options.Listen.Addresses.Select(address => address.ToString()));
        Assert.Equal("a=b", _served.Options.Node);
        Assert.Equal("command line --port", _served.Loaded.Effective["listen.port"].Source.Text);
        Assert.Equal("command line --set", _served.Loaded.Effective["scheduling.evict"].Source.Text);
    }

    [Fact]
    public async Task Several_addresses_can_be_given()
    {
        await RunAsync("serve", "--urls", "http://127.0.0.1:8000;http://127.0.0.1:8002");

        Assert.Equal(["http://127.0.0.1:8000", "http://127.0.0.1:8002"], _served!.Options.Listen.Urls);
    }

    [Fact]
    public async Task A_file_can_be_given()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "mine.yaml"), "node: mine", TestContext.Current.CancellationToken);
        await RunAsync("--config", "mine.yaml");

        Assert.Equal("mine", _served!.Options.Node);
    }

    [Fact]
    public async Task Settings_that_cannot_be_used_end_with_code_2_and_a_numbered_list()
    {
        _environment["HOST"] = "my-desk";

        Assert.Equal(ExitCodes.BadConfiguration, await RunAsync("--port", "many"));

        Assert.Null(_served);
        Assert.Equal("", _out.ToString());
        Assert.Equal(
            """
            lmgateway: 2 settings must be corrected:
              1. listen.host = "my-desk" (environment HOST): an IP address, localhost or * (every interface) is expected, for instance 127.0.0.1
              2. listen.port = "many" (command line --port): a whole number from 0 to 65535 is expected, for instance 8000
            'lmgateway doctor' shows every setting and where it comes from.

            """.ReplaceLineEndings(),
            _error.ToString());
    }

    [Theory]
    [InlineData("lmgateway: Unrecognized command or argument '--bogus'.", "Run 'lmgateway --help' for what can be given.", "--bogus")]
    [InlineData("lmgateway: Unrecognized command or argument 'dokter'. Did you mean 'doctor'?", "Run 'lmgateway --help' for what can be given.", "dokter")]
    [InlineData("lmgateway: Required argument missing for option: '--port'.", "Run 'lmgateway serve --help' for what can be given.", "serve", "--port")]
    [InlineData("lmgateway: --set nonsense: key=value is expected, for instance --set scheduling.queue_limit=100", "Run 'lmgateway --help' for what can be given.", "--set", "nonsense")]
    [InlineData("lmgateway: Unrecognized command or argument '--prot'. Did you mean '--port'?", "Run 'lmgateway --help' for what can be given.", "--prot", "9")]
    [InlineData("lmgateway: Unrecognized command or argument '--url'. It belongs after 'status'.", "Run 'lmgateway status --help' for what can be given.", "--url", "http://x", "status")]
    [InlineData("lmgateway: 'models load' needs MODEL.", "Run 'lmgateway models load --help' for what can be given.", "models", "load")]
    [InlineData("lmgateway: Argument 'tcsh' not recognized. Must be one of: 'bash', 'fish', 'pwsh', 'zsh'.", "Run 'lmgateway completion --help' for what can be given.", "completion", "tcsh")]
    [InlineData("lmgateway: Unrecognized command or argument '--jsn'. Did you mean '--json'?", "Run 'lmgateway status --help' for what can be given.", "status", "--jsn")]
    [InlineData("lmgateway: 'models' needs a command: list, load, unload, activate, search, pull, rm, push, sync.", "Run 'lmgateway models --help' for what can be given.", "models")]
    [InlineData("lmgateway: 'jobs' has no command 'lst'; there is list, show, cancel. Did you mean 'list'?", "Run 'lmgateway jobs --help' for what can be given.", "jobs", "lst")]
    [InlineData("lmgateway: --port belongs after 'doctor'", "Run 'lmgateway doctor --help' for what can be given.", "--port", "1", "doctor")]
    [InlineData("lmgateway: --port 70000: a number from 0 to 65535 is expected", "Run 'lmgateway simulate --help' for what can be given.", "simulate", "--port", "70000")]
    [InlineData("lmgateway: --tokens-per-second -1: a number from 0 to 1000000 is expected", "Run 'lmgateway simulate --help' for what can be given.", "simulate", "--tokens-per-second", "-1")]
    [InlineData("lmgateway: Unrecognized command or argument '@file'.", "Run 'lmgateway --help' for what can be given.", "@file")]
    public async Task A_bad_command_line_ends_with_code_2_and_a_hint(string error, string hint, params string[] arguments)
    {
        Assert.Equal(ExitCodes.BadConfiguration, await RunAsync(arguments));

        Assert.Equal([error, hint], _error.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.True(_served is null && _simulated is null);
    }

    [Fact]
    public async Task Doctor_shows_every_setting_with_value_and_source_and_masks_secrets()
    {
        _environment["GATEWAY_API_KEY"] = "hunter2";
        await File.WriteAllTextAsync(Path.Combine(_folder, ".env"), "PROXY_TIMEOUT=5000\nHOSTS=x\nGATEWAY_HSOT=y", TestContext.Current.CancellationToken);

        Assert.Equal(ExitCodes.Success, await RunAsync("doctor", "--port", "9001"));

        var lines = _out.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Select(line => string.Join('|', line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))).ToList();
        Assert.Equal("SETTING|VALUE|SOURCE", lines[0]);
        Assert.Contains("listen.port|9001|command line --port", lines);
        Assert.Contains("timeouts.request|5000 ms|.env line 1", lines);
        Assert.Contains("security.api_key|***|environment GATEWAY_API_KEY", lines);
        Assert.Contains("inference.allowed_models|(not set)|default", lines);
        Assert.Contains("warning: GATEWAY_HSOT (.env line 3): there is no such setting; did you mean GATEWAY_HOST?", lines);
        Assert.DoesNotContain("hunter2", _out.ToString(), StringComparison.Ordinal);
        Assert.Equal("", _error.ToString());
    }

    [Fact]
    public async Task Doctor_speaks_JSON_to_programs()
    {
        _environment["GATEWAY_API_KEY"] = "hunter2";
        _environment["IP_ALLOWLIST"] = "10.0.0.1,10.0.0.2";

        Assert.Equal(ExitCodes.Success, await RunAsync("doctor", "--json"));

        using var document = JsonDocument.Parse(_out.ToString());
        var settings = document.RootElement.GetProperty("settings").EnumerateArray().ToDictionary(setting => setting.GetProperty("key").GetString()!);
        Assert.Equal(8000, settings["listen.port"].GetProperty("value").GetInt32());
        Assert.Equal("default", settings["listen.port"].GetProperty("source").GetString());
        Assert.Equal("ms", settings["timeouts.request"].GetProperty("unit").GetString());
        Assert.True(settings["resolve.substring"].GetProperty("value").GetBoolean());
        Assert.Equal("idle", settings["scheduling.evict"].GetProperty("value").GetString());
        Assert.Equal(JsonValueKind.Null, settings["inference.provider"].GetProperty("value").ValueKind);
        Assert.Equal("***", settings["security.api_key"].GetProperty("value").GetString());
        Assert.Equal(["10.0.0.1", "10.0.0.2"], settings["security.ip_allowlist"].GetProperty("value").EnumerateArray().Select(item => item.GetString()));
        Assert.Equal(0, document.RootElement.GetProperty("errors").GetArrayLength());
    }

    [Fact]
    public async Task Doctor_ends_with_code_2_where_serve_would_not_start()
    {
        Assert.Equal(ExitCodes.BadConfiguration, await RunAsync("doctor", "--json", "--port", "many"));

        using var document = JsonDocument.Parse(_out.ToString());
        var error = Assert.Single(document.RootElement.GetProperty("errors").EnumerateArray());
        Assert.Equal(
            ("listen.port", "many", "command line --port", "a whole number from 0 to 65535 is expected, for instance 8000"),
            (error.GetProperty("key").GetString(), error.GetProperty("value").GetString(), error.GetProperty("source").GetString(), error.GetProperty("fix").GetString()));
        Assert.StartsWith("lmgateway: One setting must be corrected:", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_simulator_takes_its_options()
    {
        Assert.Equal(8, await RunAsync(
            "simulate", "--port", "0", "--models-dir", "/m", "--model", "a/b", "--model", "lms", "--api-token", "t", "--load-time-ms", "10",
            "--tokens-per-second", "2.5", "--time-to-first-token-ms", "20", "--parallel", "3", "--memory-models", "2"));

        Assert.Equal(["a/b", "lms"], _simulated!.Models);
        Assert.Equal(
            new SimulateSettings
            {
                Port = 0, ModelsDir = "/m", ApiToken = "t", LoadTimeMs = 10, TokensPerSecond = 2.5, TimeToFirstTokenMs = 20, Parallel = 3, MemoryModels = 2,
            },
            _simulated with { Models = new SimulateSettings().Models });
    }

    [Fact]
    public async Task The_simulator_listens_where_LM_Studio_does_by_default()
    {
        await RunAsync("simulate");

        Assert.Equal((1234, null), (_simulated!.Port, _simulated.LoadTimeMs));
    }

    [Fact]
    public async Task The_lms_stand_in_gets_its_arguments_as_they_are()
    {
        Assert.Equal(9, await RunAsync("simulate", "lms", "ls", "--json", "--help", "--", "@x"));

        Assert.Equal(["ls", "--json", "--help", "--", "@x"], _lms);
    }

    [Fact]
    public async Task The_version_is_told()
    {
        Assert.Equal(ExitCodes.Success, await RunAsync("--version"));

        Assert.StartsWith("0.1.0", _out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_names_every_command_and_option()
    {
        Assert.Equal(ExitCodes.Success, await RunAsync("--help"));

        string[] expected = ["serve", "doctor", "simulate", "status", "top", "models", "jobs", "chat", "up", "keys", "mcp", "completion", "Exit codes: 0 done; ", "--demo", "--config", "--set", "--host", "--port", "--urls", "--version"];
        Assert.All(expected, word => Assert.Contains(word, _out.ToString(), StringComparison.Ordinal));
        Assert.Null(_served);
    }

    [Fact]
    public async Task Mcp_takes_nothing_from_the_folder_it_is_started_in()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, ".env"), "LMSTUDIO_URL=http://127.0.0.1:6666\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder, "lmgateway.yaml"), "lmstudio:\n  base_url: http://127.0.0.1:7777\n", TestContext.Current.CancellationToken);
        Assert.Equal(10, await RunAsync("mcp"));
        Assert.Equal("http://127.0.0.1:1234", _loaded!.Options.LmStudio.BaseUrl);
        Assert.Equal(10, await RunAsync("mcp", "--config", "lmgateway.yaml"));
        Assert.Equal("http://127.0.0.1:7777", _loaded!.Options.LmStudio.BaseUrl);
    }

    private Task<int> RunAsync(params string[] arguments)
    {
        var handlers = new CommandHandlers
        {
            Serve = (settings, _, _) => Record(7, _served = settings),
            Simulate = (settings, _, _) => Record(8, _simulated = settings),
            Mcp = (settings, _, _) => Record(10, _loaded = settings),
            SimulateLms = (given, _) => Record(9, _lms = given),
        };
        return CommandLine.RunAsync(arguments, handlers, Surroundings(), TestContext.Current.CancellationToken);
    }

    private CommandSurroundings Surroundings() => new() { Out = _out, Error = _error, WorkingFolder = _folder, Environment = _environment };

    private static Task<int> Record(int code, object? _) => Task.FromResult(code);
}
