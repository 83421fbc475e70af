using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LmGateway.Observability;

/// <summary>The service's log: one line an entry, on standard error, so that standard output stays for what people asked for.</summary>
internal static class GatewayLog
{
    public static ILoggingBuilder AddGatewayLog(this ILoggingBuilder logging, LogOptions options)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(Level(options.Level));
        // The framework's own chatter tells an operator nothing; its warnings do.
        logging.AddFilter("Microsoft", options.Level >= LogThreshold.Trace ? LogLevel.Debug : LogLevel.Warning);
        logging.AddFilter("System", LogLevel.Warning);
        // While anybody may listen to it, the framework gives every request a span and a scope, which nobody reads; see RequestWatch.
        if (!TelemetryExport.IsAskedFor) logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        logging.Services.AddSingleton<ILoggerProvider, LineLog>();
        return logging;
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
