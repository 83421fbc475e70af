using LmGateway.Api.Http;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.Chat;

/// <summary>The plain REST API: chats in two forms, and models loaded and unloaded by hand.</summary>
internal static class ChatEndpoints
{
    public static IServiceCollection AddChatApi(this IServiceCollection services) => services.AddSingleton<ChatModels>().AddSingleton<ChatEndpoint>();

    public static void MapChatApi(this IEndpointRouteBuilder routes)
    {
        foreach (var route in ChatRoute.All)
            routes.MapPost(route.Path, (HttpContext context, ChatEndpoint endpoint) => endpoint.RunAsync(context, route)).Describe(ChatNotes.Of(route));
        routes.MapPost("/models/load", ModelEndpoints.LoadAsync).Describe(ChatNotes.Load);
        routes.MapPost("/models/unload", ModelEndpoints.UnloadAsync).Describe(ChatNotes.Unload);
    }
}
