using LmGateway.Backends;
using LmGateway.Events;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Catalog;

internal static class CatalogServices
{
    public static IServiceCollection AddCatalog(this IServiceCollection services) => services
        .AddSingleton<CatalogPace>()
        .AddSingleton(provider => new ModelCatalog(provider.GetRequiredService<BackendSet>().Current, provider.GetRequiredService<EventHub>(), provider.GetRequiredService<TimeProvider>()))
        .AddHostedService<CatalogWatch>();
}
