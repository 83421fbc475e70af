using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.Help;

internal static class HelpServices
{
    public static IServiceCollection AddHelp(this IServiceCollection services) => services.AddSingleton<OpenApiDocument>();
}
