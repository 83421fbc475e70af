using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Reload;

internal static class ReloadServices
{
    /// <param name="services">Where to.</param>
    /// <param name="origin">Where the settings come from; null where they stay as they are.</param>
    public static IServiceCollection AddReload(this IServiceCollection services, SettingsOrigin? origin)
    {
        if (origin is not null) services.AddSingleton(origin);
        return services
            .AddSingleton<ConfigurationReload>()
            .AddSingleton<ConfigurationWatch>()
            .AddHostedService(provider => provider.GetRequiredService<ConfigurationWatch>());
    }
}
