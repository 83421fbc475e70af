using LmGateway.Serving.BringUp;
using LmGateway.Serving.Images;
using LmGateway.Serving.Jobs;
using LmGateway.Serving.Models;
using LmGateway.Serving.Translation;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Serving;

internal static class ServingServices
{
    public static IServiceCollection AddServing(this IServiceCollection services) => services
        .AddSingleton<ModelResolver>()
        .AddSingleton<ActiveModelState>()
        .AddSingleton<ModelFinder>()
        .AddSingleton<ModelOperations>()
        .AddSingleton<JobNews>()
        .AddSingleton<JobList>()
        .AddSingleton<ModelsFolder>()
        .AddSingleton<ObjectCopy>()
        .AddSingleton<ModelPulls>()
        .AddSingleton<ModelDeletion>()
        .AddSingleton<ModelSync>()
        .AddSingleton<ModelPublishing>()
        .AddSingleton<ServerStart>()
        .AddSingleton<BringUpOperation>()
        .AddSingleton<CurrentWork>()
        .AddSingleton<KeyQuotas>()
        .AddSingleton<MemoryWatch>()
        .AddSingleton<Admission>()
        .AddSingleton<QueueState>()
        .AddSingleton<AnswerFactory>()
        .AddSingleton(services => new WebPConverter(services.GetRequiredService<TimeProvider>()))
        .AddSingleton(services => new RemoteImages(services.GetRequiredService<TimeProvider>(), new RemoteReach()))
        .AddSingleton<ImageFitting>()
        .AddSingleton<Translator>()
        .AddSingleton<InferencePipeline>()
        .AddSingleton<GenerationPipeline>()
        .AddSingleton<Passthrough>();
}
