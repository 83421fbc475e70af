using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Security;

internal static class SecurityServices
{
    public static IServiceCollection AddSecurity(this IServiceCollection services) => services
        .AddAudit()
        .AddSingleton<StreamTickets>()
        .AddSingleton<KeyRing>()
        .AddSingleton<KeyFile>()
        .AddSingleton<KeyWatch>()
        .AddHostedService(provider => provider.GetRequiredService<KeyWatch>());

    /// <summary>What changes models or keys is written down, also without HTTP.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services) => services.AddSingleton<AuditFile>();
}
