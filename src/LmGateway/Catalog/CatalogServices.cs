using LmGateway.Backends;
using LmGateway.Configuration;
using LmGateway.Events;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Catalog;

internal static class CatalogServices
{
    public static IServiceCollection AddCatalog(this IServiceCollection services, GatewayOptions options) => services
        .AddSingleton(new CatalogPace(TimeSpan.FromSeconds(options.Catalog.PollSeconds), TimeSpan.FromSeconds(options.Catalog.BusyPollSeconds)))
        .AddSingleton(provider => new ModelCatalog([.. provider.GetServices<IBackend>()], provider.GetRequiredService<EventHub>(), provider.GetRequiredService<TimeProvider>()))
        .AddHostedService<CatalogWatch>();
}
