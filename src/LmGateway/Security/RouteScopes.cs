using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Security;

/// <summary>Which scope a route needs.</summary>
internal static class RouteScopes
{
    public static KeyScopes Of(string method, PathString path)
    {
        if (Under(path, "/debug") || Under(path, "/metrics")) return KeyScopes.Debug;
        if (Under(path, "/admin")) return Under(path, "/admin/models") || Under(path, "/admin/jobs") ? KeyScopes.Models : KeyScopes.Admin;
        if (Under(path, "/models/load") || Under(path, "/models/unload")) return KeyScopes.Models;
        return Under(path, "/api/v1/models") && !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) ? KeyScopes.Models : KeyScopes.Inference;
    }

    private static bool Under(PathString path, string prefix) => path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase);
}
