using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Scheduling;

internal static class SchedulingServices
{
    public static IServiceCollection AddScheduling(this IServiceCollection services) => services.AddSingleton<Scheduler>();
}
