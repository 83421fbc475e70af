using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Backends.LmStudio;

internal static class LmStudioServices
{
    public static IServiceCollection AddLmStudio(this IServiceCollection services) =>
        services.AddSingleton<LmStudioBackend>().AddSingleton<IBackend>(provider => provider.GetRequiredService<LmStudioBackend>()).AddHostedService<LmStudioLog>();
}
