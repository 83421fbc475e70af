using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.LmStudio;

internal static class NativeServices
{
    public static IServiceCollection AddNativeLmStudio(this IServiceCollection services) => services.AddSingleton<NativeInference>().AddSingleton<NativeReplies>().AddSingleton<NativeDownloads>();
}
