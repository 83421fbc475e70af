using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Security;

internal static class SecurityServices
{
    public static IServiceCollection AddSecurity(this IServiceCollection services) => services.AddSingleton<StreamTickets>();
}
