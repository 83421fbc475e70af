using LmGateway.Api.Http;
using Microsoft.AspNetCore.Routing;

namespace LmGateway.Api.Help;

/// <summary>One path of the service as it is told to people and programs: <c>/v1/models/{id}</c>.</summary>
/// <param name="Methods">None where the path takes every method.</param>
internal sealed record DescribedRoute(string Path, IReadOnlyList<string> Methods, IReadOnlyList<string> PathParameters, RouteNote Note)
{
    private static readonly RouteNote Undescribed = new("other", "");

    /// <summary>Every route, in the order in which they were mapped. HEAD goes without saying where there is GET.</summary>
    public static IReadOnlyList<DescribedRoute> All(EndpointDataSource endpoints) =>
    [
        .. from endpoint in endpoints.Endpoints.OfType<RouteEndpoint>()
           let note = endpoint.Metadata.GetMetadata<RouteNote>() ?? Undescribed
           let methods = note.Methods ?? endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
           select new DescribedRoute(
               PathOf(endpoint),
               [.. methods.Where(method => method != "HEAD" || !methods.Contains("GET"))],
               [.. endpoint.RoutePattern.Parameters.Select(parameter => parameter.Name)],
               note),
    ];

    private static string PathOf(RouteEndpoint endpoint) =>
        "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternSeparatorPart separator => separator.Content,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter => $"{{{parameter.Name}}}",
            _ => "",
        }))));
}
