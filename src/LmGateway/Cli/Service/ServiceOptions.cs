using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using LmGateway.Cli.Output;
using LmGateway.Configuration;

namespace LmGateway.Cli.Service;

/// <summary>What a command does where no service answers.</summary>
internal enum WithoutService
{
    /// <summary>It does the work itself.</summary>
    WorkDirectly,

    /// <summary>It fails and says how to start one.</summary>
    Fail,
}

/// <summary>A command at work: what was typed, the service that does it, and the way to answer.</summary>
internal sealed record ServiceCall(ParseResult Parsed, LoadedSettings Settings, ServiceClient Service, CommandOutput Output, CommandSurroundings Surroundings)
{
    /// <summary>No service runs: this process does the work itself, and ends with it.</summary>
    public bool IsDirect { get; init; }

    /// <summary>Where a service was looked for.</summary>
    public required ServiceLocation Configured { get; init; }

    /// <summary>The document of the command, with a last member that says whether the work was done without a service.</summary>
    public void Document(Action<Utf8JsonWriter> writeMembers) => Output.Document(writer =>
    {
        writeMembers(writer);
        writer.WriteBoolean("direct", IsDirect);
    });

    /// <summary>The same with the members of a reply.</summary>
    public void Document(JsonElement reply) => Document(writer => reply.WriteMembers(writer));
}

/// <summary>
/// Gives a command the options of the family (<c>--url</c>, <c>--key</c>, <c>--json</c>, and where settings come from), finds the service, runs the
/// work, and tells every failure in one way.
/// </summary>
internal sealed class ServiceOptions
{
    private readonly CommandSurroundings surroundings;
    private readonly SettingsOptions settings;
    private readonly Option<string?> url = UrlOption();
    private readonly Option<string?> key = KeyOption();
    private readonly Option<bool> json = JsonOption();

    public ServiceOptions(Command command, CommandSurroundings surroundings)
    {
        this.surroundings = surroundings;
        command.Options.Add(url);
        command.Options.Add(key);
        command.Options.Add(json);
        settings = new SettingsOptions(command, isClient: true);
    }

    /// <summary>The same for every command that has it.</summary>
    public static Option<string?> UrlOption() => new("--url") { HelpName = "URL", Description = $"The running service; otherwise {ServiceLocation.UrlVariable} or the settings tell." };

    public static Option<string?> KeyOption() => new("--key") { HelpName = "KEY", Description = $"Its key; otherwise {ServiceLocation.KeyVariable} or the settings tell, which others on this machine cannot read." };

    public static Option<bool> JsonOption() => new("--json") { Description = "Print one JSON document, errors too." };

    /// <summary>Keys of <c>--set</c> that are no settings but the command's own; see <see cref="SettingsOptions.Others"/>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Others(ParseResult parsed) => settings.Others(parsed);

    /// <summary>Lets <c>--set</c> take more than settings.</summary>
    public void TakeOthers() => settings.TakesOthers = true;

    /// <summary>Settings that the command's own arguments stand for.</summary>
    public Func<ParseResult, IEnumerable<GivenSetting>> Implied { get; init; } = _ => [];

    /// <summary>Makes this the command's action.</summary>
    public void Run(Command command, WithoutService without, Func<ServiceCall, CancellationToken, Task<int>> work) =>
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, without, work, cancellationToken));

    private async Task<int> RunAsync(ParseResult parsed, WithoutService without, Func<ServiceCall, CancellationToken, Task<int>> work, CancellationToken cancellationToken)
    {
        var output = new CommandOutput(surroundings, parsed.GetValue(json));
        return await CommandRun.RunAsync(output, async () =>
        {
            var loaded = CommandRun.Require(settings.Load(parsed, surroundings, Implied(parsed)));
            var location = ServiceLocation.Of(loaded.Options, parsed.GetValue(url), parsed.GetValue(key), surroundings);
            var service = new ServiceClient(location, surroundings.Time);
            using (service)
            {
                var isThere = location.IsNamed || await service.IsThereAsync(cancellationToken);
                if (isThere || without == WithoutService.Fail) return await work(new ServiceCall(parsed, loaded, service, output, surroundings) { Configured = location }, cancellationToken);
            }

            output.Note($"No service at {location.Name}; working directly with {OwnService.Backends(loaded.Options)}.");
            await using var own = await OwnService.StartAsync(loaded.Options, surroundings.Time, cancellationToken);
            using var client = new ServiceClient(own.Location, surroundings.Time);
            return await work(new ServiceCall(parsed, loaded, client, output, surroundings) { IsDirect = true, Configured = location }, cancellationToken);
        }, cancellationToken);
    }
}
