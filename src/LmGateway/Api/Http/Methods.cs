using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>Refuses the methods that a path does not have, where a route for everything would otherwise hand them on.</summary>
internal static class Methods
{
    /// <summary>405 with <c>Allow</c>.</summary>
    public static GatewayException NotAllowed(HttpContext context, string allowed)
    {
        context.Response.Headers.Allow = allowed;
        return new GatewayException(ErrorCode.MethodNotAllowed, $"{context.Request.Method} is not possible on {context.Request.Path}; allowed: {allowed}.");
    }
}
