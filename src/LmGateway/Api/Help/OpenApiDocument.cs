using System.Reflection;
using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LmGateway.Api.Help;

/// <summary>The OpenAPI 3.1 document of the service, made once from its routes, their notes, and the schemas that lie beside the rooms.</summary>
internal sealed class OpenApiDocument(EndpointDataSource endpoints, LiveSettings settings)
{
    private const string SchemaFiles = ".schemas.json";

    private static readonly string[] EveryMethod = ["GET", "POST", "PUT", "PATCH", "DELETE"];

    private byte[]? made;

    public async Task AnswerAsync(HttpContext context)
    {
        var document = made ??= Make();
        context.Response.ContentType = JsonReply.MediaType;
        context.Response.ContentLength = document.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(document, context.RequestAborted);
    }

    private byte[] Make()
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("openapi", "3.1.0");
            WriteInfo(writer);
            if (settings.Current.Security.HasKeys) WriteSecurity(writer);
            var routes = DescribedRoute.All(endpoints);
            writer.WriteStartArray("tags");
            foreach (var group in routes.Select(route => route.Note.Group).Distinct())
            {
                writer.WriteStartObject();
                writer.WriteString("name", group);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartObject("paths");
            foreach (var path in routes.GroupBy(route => route.Path)) WritePath(writer, path);
            writer.WriteEndObject();
            WriteComponents(writer);
            writer.WriteEndObject();
        }

        return json.ToArray();
    }

    private static void WriteInfo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("info");
        writer.WriteString("title", HelpText.Title);
        writer.WriteString("version", HealthReport.Version);
        writer.WriteString("summary", HelpText.Summary);
        writer.WriteString("description", string.Join("\n\n", HelpText.Notes));
        writer.WriteStartObject("license");
        writer.WriteString("name", "MIT");
        writer.WriteString("identifier", "MIT");
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>Either way of sending the key is enough.</summary>
    private static void WriteSecurity(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("security");
        foreach (var scheme in new[] { "key", "bearer" })
        {
            writer.WriteStartObject();
            writer.WriteStartArray(scheme);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WritePath(Utf8JsonWriter writer, IGrouping<string, DescribedRoute> path)
    {
        writer.WriteStartObject(path.Key);
        foreach (var route in path)
            foreach (var method in route.Methods.Count > 0 ? route.Methods : EveryMethod)
            {
                writer.WritePropertyName(method.ToLowerInvariant());
                OpenApiOperation.Write(writer, method, route);
            }

        writer.WriteEndObject();
    }

    private static void WriteComponents(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("components");
        writer.WriteStartObject("schemas");
        foreach (var file in SchemaDocuments())
            using (file)
                foreach (var schema in file.RootElement.EnumerateObject()) schema.WriteTo(writer);
        writer.WriteEndObject();
        writer.WriteStartObject("securitySchemes");
        writer.WriteStartObject("key");
        writer.WriteString("type", "apiKey");
        writer.WriteString("in", "header");
        writer.WriteString("name", "X-API-Key");
        writer.WriteEndObject();
        writer.WriteStartObject("bearer");
        writer.WriteString("type", "http");
        writer.WriteString("scheme", "bearer");
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static IEnumerable<JsonDocument> SchemaDocuments()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.EndsWith(SchemaFiles, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var file = assembly.GetManifestResourceStream(name)!;
            yield return JsonDocument.Parse(file);
        }
    }
}
