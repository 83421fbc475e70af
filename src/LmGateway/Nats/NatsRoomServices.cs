using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Nats;

internal static class NatsRoomServices
{
    public static IServiceCollection AddNats(this IServiceCollection services) => services
        .AddSingleton<NatsLink>()
        .AddSingleton<ReplyStore>()
        .AddSingleton<ModelBucket>()
        .AddHostedService(provider => provider.GetRequiredService<NatsLink>());
}
