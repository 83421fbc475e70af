using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Backends.OpenAiCompatible;

internal static class OpenAiBackendServices
{
    public static IServiceCollection AddOpenAiCompatible(this IServiceCollection services) => services.AddSingleton<IBackend, OpenAiBackend>();
}
