using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LmGateway.Api.Help;

/// <summary>
/// Swagger UI, whose files are part of the program. With a key set the page itself stays open: it is the same for everyone, and every
/// request that it makes, the one for the description first, needs the key, which it asks for once and keeps for the browser's tab.
/// </summary>
internal static class DocsPage
{
    private const string SendsKey =
        "(request) => { const key = sessionStorage.getItem('lmgateway-key'); if (key && new URL(request.url, location.href).origin === location.origin) request.headers['X-API-Key'] = key; return request; }";

    private const string AsksForKey =
        "(response) => { if (response.status === 401 && response.url.endsWith('/openapi.json')) { const key = prompt('This service needs its API key:'); if (key) { sessionStorage.setItem('lmgateway-key', key); location.reload(); } } return response; }";

    public static IEndpointConventionBuilder MapDocs(this IEndpointRouteBuilder routes)
    {
        var page = new Lazy<RequestDelegate>(() => Build(routes.CreateApplicationBuilder()));      // few ever look, and none while the service starts
        return routes.MapMethods("/docs/{**file}", ["GET", "HEAD"], context => page.Value(context));
    }

    private static RequestDelegate Build(IApplicationBuilder page)
    {
        page.Use(next => context =>
        {
            if (context.GetRouteValue("file") is null)
            {
                context.Response.Redirect($"{context.Request.PathBase}/docs/index.html");
                return Task.CompletedTask;
            }

            context.SetEndpoint(null);      // files are served only to requests that no endpoint has
            return next(context);
        });
        page.UseSwaggerUI(options =>
        {
            options.RoutePrefix = "docs";
            options.DocumentTitle = HelpText.Title;
            options.SwaggerEndpoint("../openapi.json", HelpText.Title);
            options.UseRequestInterceptor(SendsKey);
            options.UseResponseInterceptor(AsksForKey);
            options.DefaultModelsExpandDepth(0);
            options.EnableTryItOutByDefault();
        });
        return page.Build();
    }
}
