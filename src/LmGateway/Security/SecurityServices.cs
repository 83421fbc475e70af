using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Security;

internal static class SecurityServices
{
    public static IServiceCollection AddSecurity(this IServiceCollection services, GatewayOptions options) => services
        .AddSingleton<StreamTickets>()
        .AddSingleton(new KeyRing(new ApiKeys([new(SecurityRules.DefaultKeyName, options.Security.ApiKey)])))
        .AddSingleton<KeyFile>()
        .AddSingleton<KeyWatch>()
        .AddHostedService(provider => provider.GetRequiredService<KeyWatch>());
}
