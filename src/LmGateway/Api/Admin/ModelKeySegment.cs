using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.Admin;

/// <summary>The rest of <c>/admin/models/…</c> where it is a model's key, and not one of the actions whose own methods those paths have.</summary>
internal sealed class ModelKeySegment : IRouteConstraint
{
    public const string Name = "modelkey";

    private static readonly HashSet<string> Actions = new(StringComparer.OrdinalIgnoreCase) { "load", "unload", "activate", "search", "download", "sync", "publish" };

    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
        values.TryGetValue(routeKey, out var value) && value is string { Length: > 0 } key && !Actions.Contains(key);
}

internal static class AdminServices
{
    public static IServiceCollection AddAdmin(this IServiceCollection services) =>
        services.Configure<RouteOptions>(options => options.SetParameterPolicy<ModelKeySegment>(ModelKeySegment.Name));
}
