using System.Collections.Frozen;
using LmGateway.Api.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.OpenAi;

/// <summary>
/// The OpenAI API and Anthropic's messages: the routes that carry inference, the model list, and everything else below <c>/v1</c> handed
/// on. The seven shorthand paths are the same routes without <c>/v1</c>.
/// </summary>
internal static class OpenAiEndpoints
{
    private static readonly (string Path, string Does)[] Shorthands =
    [
        ("/images/generations", "Makes an image"),
        ("/audio/transcriptions", "Writes down what is said in a recording"),
        ("/audio/translations", "Writes down in English what is said in a recording"),
    ];

    /// <summary>
    /// Inference is found by its exact path alone, before the routes are searched, because nearly every request is one; written in another way (in other
    /// letters, with another method) it finds its route as everything does.
    /// </summary>
    public static IApplicationBuilder UseInferenceByPath(this IApplicationBuilder app)
    {
        var inference = app.ApplicationServices.GetRequiredService<InferenceEndpoint>();
        var byPath = InferenceRoute.All.SelectMany(route => route.Paths, KeyValuePair.Create<InferenceRoute, string>).ToFrozenDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);
        return app.Use(next => context => HttpMethods.IsPost(context.Request.Method) && byPath.TryGetValue(context.Request.Path.Value!, out var route)
            ? inference.RunAsync(context, route)
            : next(context));
    }

    public static void MapOpenAi(this IEndpointRouteBuilder routes)
    {
        var inference = routes.ServiceProvider.GetRequiredService<InferenceEndpoint>();     // once, and not for each request
        foreach (var route in InferenceRoute.All)
            foreach (var path in route.Paths)
                routes.MapPost(path, context => inference.RunAsync(context, route)).Describe(OpenAiNotes.Of(route.Dialect));
        routes.MapPost("/v1/messages/count_tokens", TokenCount.AnswerAsync).Describe(OpenAiNotes.TokenCount);
        foreach (var path in new[] { "/v1/models", "/models" }) routes.MapMethods(path, ["GET", "HEAD"], ModelList.ListAsync).Describe(OpenAiNotes.Models);
        routes.MapMethods("/v1/models/{**id}", ["GET", "HEAD"], ModelList.ShowAsync).Describe(OpenAiNotes.Model);
        routes.Map("/v1/{**rest}", (HttpContext context, PassthroughEndpoint endpoint) => PassOn(context, endpoint, context.Request.Path.Value!)).Describe(OpenAiNotes.Anything);
        foreach (var (path, does) in Shorthands)
            routes.MapPost(path, (HttpContext context, PassthroughEndpoint endpoint) => PassOn(context, endpoint, "/v1" + path)).Describe(OpenAiNotes.Shorthand(path, does));
    }

    private static Task PassOn(HttpContext context, PassthroughEndpoint endpoint, string path) =>
        Allowed(context.Request.Path) is { } allowed ? throw Methods.NotAllowed(context, allowed) : endpoint.RunAsync(context, path);

    /// <summary>The methods of a path that the gateway answers itself; null where it hands every method on.</summary>
    private static string? Allowed(PathString path)
    {
        if (path.StartsWithSegments("/v1/models", StringComparison.Ordinal)) return "GET, HEAD";
        return path == "/v1/messages/count_tokens" || InferenceRoute.All.Any(route => route.Paths.Contains(path.Value)) ? "POST" : null;
    }
}
