using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.Health;

internal static class HealthServices
{
    public static IServiceCollection AddHealth(this IServiceCollection services) => services.AddSingleton<HealthProbe>();
}
