using LmGateway.Backends.LmStudio;
using LmGateway.Backends.Mock;
using LmGateway.Backends.OpenAiCompatible;
using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway;

/// <summary>Which backends there are; the one place where settings become backends.</summary>
internal static class BackendServices
{
    public static IServiceCollection AddBackends(this IServiceCollection services, GatewayOptions options) => options.Inference.Provider switch
    {
        InferenceOptions.OpenAi => services.AddOpenAiCompatible(),
        InferenceOptions.Mock => services.AddMock(),
        _ => services.AddLmStudio(),
    };
}
