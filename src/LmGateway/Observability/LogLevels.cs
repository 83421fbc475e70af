using LmGateway.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace LmGateway.Observability;

/// <summary>What is logged: the level of the settings, taken over by every logger when it is reloaded.</summary>
internal sealed class LogLevels : IConfigureOptions<LoggerFilterOptions>, IOptionsChangeTokenSource<LoggerFilterOptions>
{
    private readonly LiveSettings settings;
    private ConfigurationReloadToken changing = new();
    private LogThreshold told;

    public LogLevels(LiveSettings settings)
    {
        (this.settings, told) = (settings, settings.Current.Log.Level);
        settings.Replaced += (_, _) => Tell();
    }

    public string Name => Options.DefaultName;

    public void Configure(LoggerFilterOptions options)
    {
        var threshold = settings.Current.Log.Level;
        options.MinLevel = Level(threshold);
        // The framework's own chatter tells an operator nothing; its warnings do.
        options.Rules.Add(new LoggerFilterRule(null, "Microsoft", threshold >= LogThreshold.Trace ? LogLevel.Debug : LogLevel.Warning, null));
        options.Rules.Add(new LoggerFilterRule(null, "System", LogLevel.Warning, null));
        // As long as this could be logged, the framework makes a span and a scope for each request, which nobody reads.
        if (!TelemetryExport.IsAskedFor) options.Rules.Add(new LoggerFilterRule(null, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None, null));
    }

    public IChangeToken GetChangeToken() => Volatile.Read(ref changing);

    private void Tell()
    {
        if (settings.Current.Log.Level == told) return;
        told = settings.Current.Log.Level;
        Interlocked.Exchange(ref changing, new ConfigurationReloadToken()).OnReload();
    }

    private static LogLevel Level(LogThreshold threshold) => threshold switch
    {
        LogThreshold.Error => LogLevel.Error,
        LogThreshold.Warn => LogLevel.Warning,
        LogThreshold.Debug => LogLevel.Debug,
        LogThreshold.Trace => LogLevel.Trace,
        _ => LogLevel.Information,
    };
}
