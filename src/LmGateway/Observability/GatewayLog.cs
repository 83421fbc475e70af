using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LmGateway.Observability;

/// <summary>The service's log: one line an entry, on standard error, so that standard output stays for what people asked for.</summary>
internal static class GatewayLog
{
    public static ILoggingBuilder AddGatewayLog(this ILoggingBuilder logging, LiveSettings settings)
    {
        logging.ClearProviders();
        var levels = new LogLevels(settings);
        logging.Services.AddSingleton<IConfigureOptions<LoggerFilterOptions>>(levels).AddSingleton<IOptionsChangeTokenSource<LoggerFilterOptions>>(levels);
        logging.Services.AddSingleton<ILoggerProvider, LineLog>();
        return logging;
    }
}
