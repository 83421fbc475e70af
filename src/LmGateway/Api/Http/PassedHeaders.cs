using LmGateway.Configuration;
using LmGateway.Security;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>The headers of a request that its backend may see.</summary>
internal static class PassedHeaders
{
    /// <summary>Nothing about the caller's client matters to a backend on the inference routes, so few headers are left.</summary>
    public static IReadOnlyList<Header> HeadersToPass(this HttpContext context, GatewayOptions options)
    {
        var request = context.Request;
        var connection = request.Headers.Connection;
        var passed = new List<Header>(8);
        foreach (var (name, values) in request.Headers)
            if (ForwardedHeaders.MayPass(name, connection))
                foreach (var value in values)
                    if (value is not null) passed.Add(new Header(name, value));
        if (ForwardedHeaders.BearerToPass(options, request.Headers) is { } bearer) passed.Add(new Header("Authorization", bearer));
        passed.RemoveAll(header => header.Name.Equals(RequestIdentity.Header, StringComparison.OrdinalIgnoreCase));
        passed.Add(new Header(RequestIdentity.Header, context.TraceIdentifier));
        return passed;
    }
}
