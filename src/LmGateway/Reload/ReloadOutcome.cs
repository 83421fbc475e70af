using LmGateway.Configuration;

namespace LmGateway.Reload;

/// <summary>What came of reading the configuration again.</summary>
internal sealed record ReloadOutcome(DateTimeOffset At)
{
    /// <summary>The settings that changed.</summary>
    public IReadOnlyList<string> Changed { get; init; } = [];

    /// <summary>Those of them that come into force with the next start.</summary>
    public IReadOnlyList<string> NeedRestart { get; init; } = [];

    /// <summary>What the service goes on with, but somebody should know.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Everything that is wrong. With one of them nothing was changed.</summary>
    public IReadOnlyList<SettingError> Errors { get; init; } = [];

    public bool IsRefused => Errors.Count > 0;
}

/// <summary>The reloads since the start.</summary>
/// <param name="Applied">How many came into force.</param>
/// <param name="Refused">How many were refused.</param>
internal sealed record ReloadRecord(int Applied, int Refused)
{
    /// <summary>The last one that came into force.</summary>
    public ReloadOutcome? LastApplied { get; init; }

    /// <summary>The last one that was refused; null again after one that was not.</summary>
    public ReloadOutcome? LastRefused { get; init; }

    public ReloadRecord With(ReloadOutcome outcome) => outcome.IsRefused
        ? this with { Refused = Refused + 1, LastRefused = outcome }
        : this with { Applied = Applied + 1, LastApplied = outcome, LastRefused = null };
}
