using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>Forgives the usual mistakes with a base URL: a slash at the end, and <c>/v1/v1</c>.</summary>
internal static class PathTidying
{
    public static Task TidyAsync(HttpContext context, RequestDelegate next)
    {
        var path = context.Request.Path.Value!;
        var tidy = path;
        while (tidy.StartsWith("/v1/v1/", StringComparison.Ordinal)) tidy = tidy[3..];
        while (tidy.Length > 1 && tidy[^1] == '/') tidy = tidy[..^1];
        if (!ReferenceEquals(tidy, path)) context.Request.Path = tidy;
        return next(context);
    }
}
