using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Security;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging;

namespace LmGateway.Reload;

/// <summary>
/// Reads the configuration again and puts it into force as one snapshot: what is under way ends with the one it began with. A configuration
/// with errors changes nothing, and all of them are told.
/// </summary>
internal sealed partial class ConfigurationReload(LiveSettings settings, BackendSet backends, ModelCatalog catalog, EventHub hub, TimeProvider time, ILogger<ConfigurationReload> logger, SettingsOrigin? origin = null) : IDisposable
{
    private readonly SemaphoreSlim turn = new(1, 1);
    private volatile ReloadRecord record = new(0, 0);
    private volatile SettingsInputs? seen = origin?.AtStart;
    private SettingsInputs? applied = origin?.AtStart;

    public ReloadRecord Record => record;

    /// <summary>False where the settings were made by no file.</summary>
    public bool IsPossible => origin is not null;

    /// <summary>Whether the files are not as they were when they were read last.</summary>
    public bool IsNews(SettingsInputs inputs) => !(SameText(seen?.File, inputs.File) && SameText(seen?.DotEnv, inputs.DotEnv));

    /// <summary>One at a time. Returns when the new settings, and new backends, are in force.</summary>
    public async Task<ReloadOutcome> ReloadAsync(CancellationToken cancellationToken)
    {
        if (origin is null) throw new GatewayException(ErrorCode.NotSupported, "This service was not started from a configuration that could be read again.");
        await turn.WaitAsync(cancellationToken);
        try
        {
            var inputs = origin.Read();
            var outcome = await ApplyAsync(inputs, origin.Load(inputs), cancellationToken);
            seen = inputs;
            if (!outcome.IsRefused) applied = inputs;
            record = record.With(outcome);
            Tell(outcome);
            return outcome;
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async Task<ReloadOutcome> ApplyAsync(SettingsInputs inputs, LoadedSettings loaded, CancellationToken cancellationToken)
    {
        SettingError[] errors = [.. Missing(inputs), .. loaded.Errors];
        if (errors.Length > 0) return new ReloadOutcome(time.GetUtcNow()) { Errors = errors };
        var change = SettingsChange.Between(settings.Current, loaded.Options);
        errors = [.. SettingRules.ExposureOf(change.Options), .. SecurityRules.Faults(change.Options).Select(fault => new SettingError(null, null, "security", fault))];
        if (errors.Length > 0) return new ReloadOutcome(time.GetUtcNow()) { Errors = errors };
        var next = backends.Prepare(change.Options);
        try
        {
            if (!next.Backends.SequenceEqual(backends.Current)) await catalog.ReplaceAsync(next.Backends, cancellationToken);
        }
        catch
        {
            await backends.AbandonAsync(next);
            throw;
        }

        backends.Adopt(next, settings.Replace(change.Options));
        return new ReloadOutcome(time.GetUtcNow()) { Changed = change.Changed, NeedRestart = change.NeedRestart, Warnings = loaded.Warnings };
    }

    /// <summary>A file that is gone is more likely a mishap than the wish for every default.</summary>
    private IEnumerable<SettingError> Missing(SettingsInputs inputs)
    {
        foreach (var (before, now) in new[] { (applied?.File, inputs.File), (applied?.DotEnv, inputs.DotEnv) })
            if (before is not null && now is null && inputs.Errors.Count == 0) yield return new SettingError(null, null, before.Name, "the file is gone; put it back, or restart the service to go on without it");
    }

    private void Tell(ReloadOutcome outcome)
    {
        if (outcome.IsRefused)
        {
            LogRefused(outcome.Errors.Count);
            foreach (var error in outcome.Errors) LogError(error.ToString());
            hub.Publish(new ConfigurationRefused([.. outcome.Errors.Select(error => error.ToString())]));
            return;
        }

        LogReloaded(outcome.Changed.Count == 0 ? "nothing changed" : string.Join(", ", outcome.Changed));
        if (outcome.NeedRestart.Count > 0) LogNeedRestart(string.Join(", ", outcome.NeedRestart));
        foreach (var warning in outcome.Warnings) LogWarning(warning);
        hub.Publish(new ConfigurationReloaded(outcome.Changed) { NeedRestart = outcome.NeedRestart });
    }

    private static bool SameText(SettingsText? one, SettingsText? other) => one?.Text == other?.Text && one?.Name == other?.Name;

    [LoggerMessage(LogLevel.Information, "The configuration was read again: {Changed}")]
    private partial void LogReloaded(string changed);

    [LoggerMessage(LogLevel.Warning, "These settings come into force with the next start: {Keys}")]
    private partial void LogNeedRestart(string keys);

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    private partial void LogWarning(string warning);

    [LoggerMessage(LogLevel.Error, "The configuration was not reloaded, what held before still holds: {Count} settings must be corrected")]
    private partial void LogRefused(int count);

    [LoggerMessage(LogLevel.Error, "{Error}")]
    private partial void LogError(string error);
}
