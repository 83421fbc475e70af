using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.Http;

internal static class HttpServices
{
    public static IServiceCollection AddHttpApis(this IServiceCollection services) => services
        .AddSingleton<BodyBudget>()
        .AddSingleton<ShutdownLimit>()
        .AddSingleton<SlowReaders>()
        .AddSingleton<HttpDoor>()
        .AddHostedService(provider => provider.GetRequiredService<HttpDoor>())
        .AddSingleton<AuditTrail>()
        .AddSingleton<AnswerWriter>()
        .AddSingleton<HealthProbe>()
        .AddSingleton<HealthReport>();
}
