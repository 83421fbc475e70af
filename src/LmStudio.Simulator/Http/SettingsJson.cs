using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>The settings that can be read and changed over <c>/simulator/settings</c>, by their JSON names. Times are in the unit of the name.</summary>
internal static class SettingsJson
{
    private sealed record Setting(string Name, Func<SimulatorOptions, JsonNode?> Read, Func<SimulatorOptions, JsonElement, SimulatorOptions> Change);

    private static readonly Setting[] All =
    [
        new("loadTimeMs", o => o.LoadTime.TotalMilliseconds, (o, v) => o with { LoadTime = Milliseconds(v) }),
        new("downloadTimeMs", o => o.DownloadTime.TotalMilliseconds, (o, v) => o with { DownloadTime = Milliseconds(v) }),
        new("tokensPerSecond", o => o.TokensPerSecond, (o, v) => o with { TokensPerSecond = Positive(v) }),
        new("timeToFirstTokenMs", o => o.TimeToFirstToken.TotalMilliseconds, (o, v) => o with { TimeToFirstToken = Milliseconds(v) }),
        new("parallelSessions", o => o.ParallelSessions, (o, v) => o with { ParallelSessions = Math.Max(1, (int)Positive(v)) }),
        new("memoryModels", o => o.MemoryModels, (o, v) => o with { MemoryModels = (int)Positive(v) }),
        new("justInTimeLoading", o => o.JustInTimeLoading, (o, v) => o with { JustInTimeLoading = v.GetBoolean() }),
        new("jitTtlSeconds", o => o.JitTtl.TotalSeconds, (o, v) => o with { JitTtl = TimeSpan.FromSeconds(Positive(v)) }),
        new("autoEvict", o => o.AutoEvict, (o, v) => o with { AutoEvict = v.GetBoolean() }),
        new("jitRace", o => o.JitRace, (o, v) => o with { JitRace = v.GetBoolean() }),
        new("loneModelAnswers", o => o.LoneModelAnswers, (o, v) => o with { LoneModelAnswers = v.GetBoolean() }),
        new("reasoningField", o => KebabCase.From(o.ReasoningField), (o, v) => o with { ReasoningField = KebabCase.To<ReasoningField>(v.GetString()) }),
        new("promptOverflow", o => KebabCase.From(o.PromptOverflow), (o, v) => o with { PromptOverflow = KebabCase.To<PromptOverflow>(v.GetString()) }),
        new("cors", o => o.Cors, (o, v) => o with { Cors = v.GetBoolean() }),
        new("apiToken", o => o.ApiToken, (o, v) => o with { ApiToken = v.GetString() }),
        new("httpServerRunning", o => o.HttpServerRunning, (o, v) => o with { HttpServerRunning = v.GetBoolean() }),
        new("appVersion", o => o.AppVersion, (o, v) => o with { AppVersion = v.GetString() ?? o.AppVersion }),
    ];

    public static JsonObject Write(SimulatorOptions options)
    {
        var json = new JsonObject();
        foreach (var setting in All) json[setting.Name] = setting.Read(options);
        return json;
    }

    /// <summary>Changes the settings that a body names.</summary>
    /// <exception cref="HttpErrorException">An unknown name or a value of a wrong kind; nothing is changed then.</exception>
    public static void Apply(SimulatedLmStudio studio, JsonElement body)
    {
        var changes = body.EnumerateObject().Select(member => (member.Value, Setting: Named(member.Name))).ToList();
        try
        {
            studio.Change(options => changes.Aggregate(options, (changed, change) => change.Setting.Change(changed, change.Value)));
        }
        catch (Exception exception) when (exception is InvalidOperationException or FormatException or OverflowException)
        {
            throw HttpError.Plain($"Invalid value for a setting: {exception.Message}");
        }
    }

    private static Setting Named(string name) => All.FirstOrDefault(setting => setting.Name == name)
        ?? throw HttpError.Plain($"Unknown setting '{name}'. Known: {string.Join(", ", All.Select(setting => setting.Name))}");

    private static TimeSpan Milliseconds(JsonElement value) => TimeSpan.FromMilliseconds(Positive(value));

    private static double Positive(JsonElement value) => value.GetDouble() is >= 0 and var number ? number : throw new FormatException("A number below 0.");
}

/// <summary>Names of enums as JSON writes them: <c>ResetAfterTokens</c> is <c>reset-after-tokens</c>.</summary>
internal static class KebabCase
{
    public static string From<T>(T value)
        where T : struct, Enum =>
        string.Concat(value.ToString().Select((letter, index) =>
            (index > 0 && char.IsUpper(letter) ? "-" : "") + char.ToLowerInvariant(letter)));

    /// <exception cref="FormatException">No value has this name.</exception>
    public static T To<T>(string? name)
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
            if (From(value) == name) return value;
        throw new FormatException($"'{name}' is not one of {string.Join(", ", Enum.GetValues<T>().Select(From))}.");
    }
}
