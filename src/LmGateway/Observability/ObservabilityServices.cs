using LmGateway.Observability.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Observability;

internal static class ObservabilityServices
{
    public static IServiceCollection AddObservability(this IServiceCollection services)
    {
        if (TelemetryExport.IsAskedFor) services.AddHostedService<TelemetryExport>();
        return services
            .AddSingleton<RequestJournal>()
            .AddSingleton<OperationRecord>()
            .AddSingleton<ServiceFigures>()
            .AddSingleton<ProcessFigures>()
            .AddSingleton<RefusalFigures>()
            .AddSingleton<Telemetry>()
            .AddSingleton<RequestWatch>();
    }
}
