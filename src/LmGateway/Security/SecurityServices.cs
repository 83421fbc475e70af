using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Security;

internal static class SecurityServices
{
    public static IServiceCollection AddSecurity(this IServiceCollection services) => services
        .AddSingleton<StreamTickets>()
        .AddSingleton<KeyRing>()
        .AddSingleton<KeyFile>()
        .AddSingleton<KeyWatch>()
        .AddHostedService(provider => provider.GetRequiredService<KeyWatch>());
}
