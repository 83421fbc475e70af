using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LmGateway.State;

internal static class StateServices
{
    public static IServiceCollection AddState(this IServiceCollection services) =>
        services.AddSingleton(provider => new StateFolder(StateFolder.Locate(provider.GetRequiredService<LiveSettings>().Current), provider.GetRequiredService<ILogger<StateFolder>>()));
}
