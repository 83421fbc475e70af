using System.Text.Json;
using LmGateway.Api.Http;

namespace LmGateway.Api.Help;

/// <summary>Writes one operation of the OpenAPI document.</summary>
internal static class OpenApiOperation
{
    public static void Write(Utf8JsonWriter writer, string method, DescribedRoute route)
    {
        var note = route.Note;
        writer.WriteStartObject();
        writer.WriteStartArray("tags");
        writer.WriteStringValue(note.Group);
        writer.WriteEndArray();
        writer.WriteString("operationId", IdOf(method, route.Path));
        writer.WriteString("summary", note.Summary);
        if (note.Details is { } details) writer.WriteString("description", details);
        WriteParameters(writer, route);
        if (note.Takes is { } body)
        {
            writer.WriteStartObject("requestBody");
            writer.WriteBoolean("required", true);
            WriteContent(writer, [body]);
            writer.WriteEndObject();
        }

        WriteReplies(writer, note);
        writer.WriteEndObject();
    }

    private static string IdOf(string method, string path) =>
        string.Join('_', path.Split('/', '{', '}', '.').Where(part => part.Length > 0).Prepend(method.ToLowerInvariant()));

    private static void WriteParameters(Utf8JsonWriter writer, DescribedRoute route)
    {
        var told = route.Note.Parameters;
        var untold = route.PathParameters.Where(name => told.All(parameter => parameter.Name != name)).Select(name => new ParameterNote(name, "The rest of the path, handed on as it is"));
        ParameterNote[] parameters = [.. told, .. untold];
        if (parameters.Length == 0) return;
        writer.WriteStartArray("parameters");
        foreach (var parameter in parameters)
        {
            var inPath = route.PathParameters.Contains(parameter.Name);
            writer.WriteStartObject();
            writer.WriteString("name", parameter.Name);
            writer.WriteString("in", inPath ? "path" : "query");
            if (inPath) writer.WriteBoolean("required", true);
            writer.WriteString("description", parameter.Description);
            writer.WriteStartObject("schema");
            writer.WriteString("type", "string");
            writer.WriteEndObject();
            if (parameter.Example is { } example) writer.WriteString("example", example);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteReplies(Utf8JsonWriter writer, RouteNote note)
    {
        writer.WriteStartObject("responses");
        WriteReply(writer, "200", "What was asked for", note.Gives);
        if (note.Begins is { } begun) WriteReply(writer, "202", "The work has begun and goes on", [begun]);
        if (note.Errors is { } errors) WriteReply(writer, "default", "A failure", [new ContentNote(errors)]);
        writer.WriteEndObject();
    }

    private static void WriteReply(Utf8JsonWriter writer, string status, string description, IReadOnlyList<ContentNote> contents)
    {
        writer.WriteStartObject(status);
        writer.WriteString("description", description);
        if (contents.Count > 0) WriteContent(writer, contents);
        writer.WriteEndObject();
    }

    private static void WriteContent(Utf8JsonWriter writer, IReadOnlyList<ContentNote> contents)
    {
        writer.WriteStartObject("content");
        foreach (var content in contents)
        {
            writer.WriteStartObject(content.MediaType);
            if (content.Schema is { } schema)
            {
                writer.WriteStartObject("schema");
                writer.WriteString("$ref", $"#/components/schemas/{schema}");
                writer.WriteEndObject();
            }

            if (content.Example is { } example)
            {
                writer.WritePropertyName("example");
                if (content.MediaType == ContentNote.Json) writer.WriteRawValue(example);
                else writer.WriteStringValue(example);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }
}
