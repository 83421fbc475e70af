using System.Text.Json;
using LmGateway.Api.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LmGateway.Api.Help;

/// <summary>What the service can be asked, told by itself: a list of its routes, the OpenAPI document, and a page to try them in.</summary>
internal static class HelpEndpoints
{
    private const string Group = "help";

    public static void MapHelp(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/help", ["GET", "HEAD"], ListAsync).Describe(new RouteNote(Group, "Every route of the service with method, path and description")
        {
            Details = "A page for people where the request accepts `text/html`.",
            Gives = [new("Help"), new(null) { MediaType = "text/html" }],
        });
        routes.MapMethods("/openapi.json", ["GET", "HEAD"], (HttpContext context, OpenApiDocument document) => document.AnswerAsync(context)).Describe(new RouteNote(Group, "This description of the service")
        {
            Gives = [new("OpenApiDocument")],
        });
        routes.MapDocs().Describe(new RouteNote(Group, "The description as a page on which every route can be tried")
        {
            Details = "The page needs no key and tells nothing about this service. It asks for the key where the service has one.",
            Parameters = [new("file", "A file of the page", "index.html")],
            Gives = [new(null) { MediaType = "text/html" }],
        });
    }

    private static Task ListAsync(HttpContext context, EndpointDataSource endpoints)
    {
        context.Response.Headers.Vary = "Accept";
        var routes = DescribedRoute.All(endpoints);
        return context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
            ? HelpPage.WriteAsync(context, routes)
            : JsonReply.WriteAsync(context, 200, writer => Write(writer, routes));
    }

    private static void Write(Utf8JsonWriter writer, IReadOnlyList<DescribedRoute> routes)
    {
        writer.WriteStartObject();
        writer.WriteString("summary", HelpText.Summary);
        writer.WriteString("version", HealthReport.Version);
        writer.WriteStartArray("routes");
        foreach (var route in routes)
            foreach (var method in route.Methods.DefaultIfEmpty(HelpText.EveryMethod))
                WriteRoute(writer, method, route);
        writer.WriteEndArray();
        writer.WriteStartArray("notes");
        foreach (var note in HelpText.Notes) writer.WriteStringValue(note);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteRoute(Utf8JsonWriter writer, string method, DescribedRoute route)
    {
        writer.WriteStartObject();
        writer.WriteString("method", method);
        writer.WriteString("path", route.Path);
        writer.WriteString("description", route.Note.Summary);
        writer.WriteString("group", route.Note.Group);
        writer.WriteEndObject();
    }
}
