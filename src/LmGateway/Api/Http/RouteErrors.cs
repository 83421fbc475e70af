using LmGateway.Observability.Metrics;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>Writes an error in one API's own envelope, with its status. The reply has not begun.</summary>
internal delegate Task ErrorWriter(HttpContext context, GatewayError error);

/// <summary>Which envelope a path's errors have. Each API registers its own; everything else is answered as OpenAI does.</summary>
internal sealed class RouteErrors(ErrorWriter otherwise, RefusalFigures refusals)
{
    private readonly List<(PathString Prefix, ErrorWriter Writer)> routes = [];

    /// <summary>Paths at or below the prefix, in any case as routes have it; the longest one that fits counts.</summary>
    public RouteErrors Add(string prefix, ErrorWriter writer)
    {
        routes.Add((prefix, writer));
        routes.Sort((one, other) => other.Prefix.Value!.Length.CompareTo(one.Prefix.Value!.Length));
        return this;
    }

    public Task WriteAsync(HttpContext context, GatewayError error)
    {
        refusals.Note(error);
        foreach (var (prefix, writer) in routes)
            if (context.Request.Path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase)) return writer(context, error);
        return otherwise(context, error);
    }
}
