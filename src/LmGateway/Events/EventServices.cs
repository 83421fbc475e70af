using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Events;

internal static class EventServices
{
    public static IServiceCollection AddEvents(this IServiceCollection services) => services.AddSingleton<EventHub>();
}
