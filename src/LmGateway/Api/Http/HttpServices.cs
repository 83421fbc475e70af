using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.Http;

internal static class HttpServices
{
    public static IServiceCollection AddHttpApis(this IServiceCollection services, GatewayOptions options) => services
        .AddSingleton(new BodyBudget(options.Limits))
        .AddSingleton(provider => new ShutdownLimit(options.Timeouts, provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<AuditTrail>()
        .AddSingleton<AnswerWriter>()
        .AddSingleton<HealthProbe>()
        .AddSingleton<HealthReport>();
}
