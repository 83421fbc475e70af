using LmGateway.Api.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LmGateway.Api.OpenAi;

/// <summary>
/// The OpenAI API and Anthropic's messages: the routes that carry inference, the model list, and everything else below <c>/v1</c> handed
/// on. The seven shorthand paths are the same routes without <c>/v1</c>.
/// </summary>
internal static class OpenAiEndpoints
{
    private static readonly string[] Shorthands = ["/images/generations", "/audio/transcriptions", "/audio/translations"];

    public static void MapOpenAi(this IEndpointRouteBuilder routes)
    {
        foreach (var route in InferenceRoute.All)
            foreach (var path in route.Paths)
                routes.MapPost(path, (HttpContext context, InferenceEndpoint endpoint) => endpoint.RunAsync(context, route));
        routes.MapPost("/v1/messages/count_tokens", TokenCount.AnswerAsync);
        foreach (var path in new[] { "/v1/models", "/models" }) routes.MapMethods(path, ["GET", "HEAD"], ModelList.ListAsync);
        routes.MapMethods("/v1/models/{**id}", ["GET", "HEAD"], ModelList.ShowAsync);
        routes.Map("/v1/{**rest}", (HttpContext context, PassthroughEndpoint endpoint) => PassOn(context, endpoint, context.Request.Path.Value!));
        foreach (var path in Shorthands) routes.Map(path, (HttpContext context, PassthroughEndpoint endpoint) => PassOn(context, endpoint, "/v1" + path));
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
