using System.Text.Json;
using LmGateway.Cli.Service;
using LmGateway.Configuration;

namespace LmGateway.Cli.Doctor;

/// <summary>The service that runs already: recognised by its health, asked for its settings.</summary>
internal static class RunningService
{
    private const string Source = "the running service";

    public static async Task<bool> IsThereAsync(Uri address, Neighbours neighbours, CancellationToken cancellationToken) =>
        IsOurs(await neighbours.GetAsync(new Uri(address, "health"), bearer: null, cancellationToken), "uptime_seconds")
        || IsOurs(await neighbours.GetAsync(new Uri(address, "health/live"), bearer: null, cancellationToken), "status");      // where health needs a key

    /// <summary>
    /// Its settings, and none of this caller's but the secrets, which it does not tell; null where it does not tell its settings to this caller.
    /// </summary>
    public static async Task<LoadedSettings?> SettingsAsync(ServiceLocation service, LoadedSettings own, Neighbours neighbours, CancellationToken cancellationToken)
    {
        var answer = await neighbours.GetAsync(new Uri(service.Address, "admin/settings"), service.Key, cancellationToken);
        if (answer is not { Status: System.Net.HttpStatusCode.OK } || Parse(answer.Text) is not { ValueKind: JsonValueKind.Object } all || !all.TryGetProperty("settings", out var settings)) return null;
        var told = from setting in settings.EnumerateObject()
                   where setting.Value.ValueKind == JsonValueKind.String && SettingTable.HasKey(setting.Name)
                   select new GivenSetting(setting.Name, setting.Value.GetString()!, Source);
        var secrets = from setting in own.Effective
                      where setting.Setting.About.Secret && setting.Value is string or IReadOnlyList<string> { Count: > 0 }
                      select new GivenSetting(setting.Key, setting.Value is string text ? text : string.Join(',', (IReadOnlyList<string>)setting.Value!), setting.Source.Text);
        var loaded = SettingsLoader.Load(new SettingsInputs { CommandLine = [.. told, .. secrets], Home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) });
        return loaded with { Effective = new EffectiveSettings([.. loaded.Effective.Select(setting => setting.Source.Layer == LayerKind.Default ? setting : setting with { Source = setting.Source with { Text = setting.Source.Text.Replace("command line ", "", StringComparison.Ordinal) } })]) };
    }

    /// <summary>What a service on another machine says of what it needs, which cannot be looked at from here.</summary>
    public static async Task<IReadOnlyList<Finding>> FindingsAsync(ServiceLocation service, Neighbours neighbours, CancellationToken cancellationToken)
    {
        var health = await neighbours.GetAsync(new Uri(service.Address, "health"), service.Key, cancellationToken) is { } answer ? Parse(answer.Text) ?? default : default;
        var findings = health.Items("backends").Select(Finding).ToList();
        if (health.Member("nats") is { } nats)
            findings.Add(nats.Text("state") == "disconnected" ? new Finding("NATS", FindingLevel.Problem, "nats_down", $"The service has no connection to NATS. {nats.Text("error")}".TrimEnd(), "Start the NATS server, or correct NATS_URL, on that machine") : Doctor.Finding.Ok("NATS", $"Is {nats.Text("state")}."));
        findings.Add(new Finding("machine", FindingLevel.Note, "another_machine", "Ports, folders, disks and programs are those of the service's machine, and are not seen from here.", "Run there: lmgateway doctor"));
        return findings;
    }

    private static Finding Finding(JsonElement backend) => backend.Flag("reachable") && backend.Text("error") is null
        ? Doctor.Finding.Ok(backend.Text("name") ?? "backend", $"Answers, {backend.Whole("models")} models.")
        : new Finding(backend.Text("name") ?? "backend", FindingLevel.Problem, "backend_unreachable", backend.Text("error") ?? "Cannot be reached.", "Start it, or correct its address, on that machine");

    private static bool IsOurs(HttpAnswer? answer, string member) =>
        answer is { Status: System.Net.HttpStatusCode.OK } && Parse(answer.Text) is { ValueKind: JsonValueKind.Object } health && health.TryGetProperty(member, out _);

    private static JsonElement? Parse(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
