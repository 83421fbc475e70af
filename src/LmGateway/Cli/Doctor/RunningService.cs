using System.Text.Json;
using LmGateway.Configuration;

namespace LmGateway.Cli.Doctor;

/// <summary>The service that runs already: recognised by its health, asked for its settings.</summary>
internal static class RunningService
{
    private const string Source = "the running service";

    public static async Task<bool> IsThereAsync(Uri address, Neighbours neighbours, CancellationToken cancellationToken) =>
        IsOurs(await neighbours.GetAsync(new Uri(address, "/health"), bearer: null, cancellationToken), "uptime_seconds")
        || IsOurs(await neighbours.GetAsync(new Uri(address, "/health/live"), bearer: null, cancellationToken), "status");      // where health needs a key

    /// <summary>
    /// Its settings, and none of this caller's but the secrets, which it does not tell; null where it does not tell its settings to this caller.
    /// </summary>
    public static async Task<LoadedSettings?> SettingsAsync(Uri address, LoadedSettings own, Neighbours neighbours, CancellationToken cancellationToken)
    {
        var answer = await neighbours.GetAsync(new Uri(address, "/admin/settings"), own.Options.Security.ApiKey, cancellationToken);
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
