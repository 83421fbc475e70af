using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.OpenAi;

internal static class OpenAiServices
{
    public static IServiceCollection AddOpenAi(this IServiceCollection services) =>
        services.AddSingleton<InferenceEndpoint>().AddSingleton<PassthroughEndpoint>();
}
