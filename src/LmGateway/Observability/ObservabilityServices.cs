using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Observability;

internal static class ObservabilityServices
{
    public static IServiceCollection AddObservability(this IServiceCollection services, GatewayOptions options) => services
        .AddSingleton(new RequestJournal(options.Journal))
        .AddSingleton<OperationRecord>()
        .AddSingleton<RequestWatch>();
}
