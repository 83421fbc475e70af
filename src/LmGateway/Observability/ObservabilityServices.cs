using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Observability;

internal static class ObservabilityServices
{
    public static IServiceCollection AddObservability(this IServiceCollection services) => services.AddSingleton<RequestWatch>();
}
