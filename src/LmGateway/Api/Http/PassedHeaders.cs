using System.Runtime.CompilerServices;
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
        var headers = context.Request.Headers;
        var connection = headers.Connection;
        var usual = default(UsualHeaders);
        Span<Header> passed = usual;
        var count = 0;
        foreach (var (name, values) in headers)
        {
            if (!ForwardedHeaders.MayPass(name, connection) || name.Equals(RequestIdentity.Header, StringComparison.OrdinalIgnoreCase)) continue;
            foreach (var value in values)
                if (value is not null) Add(ref passed, ref count, new Header(name, value));
        }

        if (ForwardedHeaders.BearerToPass(options, headers) is { } bearer) Add(ref passed, ref count, new Header("Authorization", bearer));
        Add(ref passed, ref count, new Header(RequestIdentity.Header, context.TraceIdentifier));
        return passed[..count].ToArray();
    }

    private static void Add(ref Span<Header> passed, ref int count, Header header)
    {
        if (count == passed.Length)
        {
            var full = passed;
            passed = new Header[2 * count];
            full.CopyTo(passed);
        }

        passed[count++] = header;
    }

    /// <summary>Room for as many as callers usually send.</summary>
    [InlineArray(16)]
    private struct UsualHeaders
    {
        private Header first;
    }
}
