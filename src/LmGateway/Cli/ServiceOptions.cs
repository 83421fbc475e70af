using System.CommandLine;
using System.CommandLine.Parsing;

namespace LmGateway.Cli;

/// <summary>How a command finds the service that runs: <c>--url</c>, <c>LMGATEWAY_URL</c>, or the address that the settings make it listen on.</summary>
internal sealed class ServiceOptions
{
    private const string UrlVariable = "LMGATEWAY_URL";

    private readonly CommandSurroundings surroundings;
    private readonly SettingsOptions settings;
    private readonly Option<string?> url = new("--url") { HelpName = "URL", Description = $"The running service; {UrlVariable} or the settings tell otherwise." };
    private readonly Option<bool> json = new("--json") { Description = "Print the job as JSON when it has ended." };

    public ServiceOptions(Command command, CommandSurroundings surroundings)
    {
        this.surroundings = surroundings;
        command.Options.Add(Bucket);
        command.Options.Add(url);
        command.Options.Add(json);
        settings = new SettingsOptions(command);
    }

    public Option<string?> Bucket { get; } = new("--bucket") { HelpName = "NAME", Description = "The bucket, in place of models.bucket." };

    /// <summary>Null where the settings cannot be used, which has been said.</summary>
    public ServiceJob? Open(ParseResult parsed)
    {
        var loaded = settings.Load(parsed, surroundings);
        if (loaded.Errors.Count > 0)
        {
            SettingsReport.WriteErrors(loaded, surroundings.Error);
            return null;
        }

        var given = parsed.GetValue(url) ?? surroundings.Environment.GetValueOrDefault(UrlVariable);
        var address = !string.IsNullOrEmpty(given) ? given : loaded.Options.Listen.Addresses switch
        {
            [] => "http://127.0.0.1:8000",
            [{ IsEveryInterface: true } listening, ..] => $"http://127.0.0.1:{listening.Port}",
            [var listening, ..] => listening.ToString(),
        };
        if (Uri.TryCreate(address, UriKind.Absolute, out var service) && service.Scheme is "http" or "https")
            return new ServiceJob(service, loaded.Options.Security.KeyToPresent, surroundings) { Json = parsed.GetValue(json) };
        surroundings.Error.WriteLine($"lmgateway: '{address}' is not the address of a service, such as http://127.0.0.1:8000.");
        return null;
    }
}
