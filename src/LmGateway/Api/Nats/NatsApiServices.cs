using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.Nats;

internal static class NatsApiServices
{
    public static IServiceCollection AddNatsApi(this IServiceCollection services) => services
        .AddSingleton<NatsNode>()
        .AddSingleton<NatsTexts>()
        .AddSingleton<NatsCallers>()
        .AddSingleton<RequestGate>()
        .AddSingleton<NatsReplies>()
        .AddSingleton<NatsRequests>()
        .AddSingleton<OpenStreams>()
        .AddSingleton<ModelList>()
        .AddSingleton<ModelInference>()
        .AddSingleton<ModelControl>()
        .AddSingleton<ModelStore>()
        .AddSingleton<NatsHealth>()
        .AddSingleton<ChatStreams>()
        .AddSingleton<NatsOperations>()
        .AddHostedService<EventFeed>()
        .AddHostedService<JobFeed>()
        .AddHostedService<NatsApi>();
}
