using Microsoft.AspNetCore.Builder;

namespace LmGateway.Api.Http;

/// <summary>
/// What one route is for, takes and gives, told where the route is mapped. The list of routes and the OpenAPI document are made from these
/// notes alone; a test fails on a route without one.
/// </summary>
/// <param name="Group">The API that the route belongs to.</param>
/// <param name="Summary">What it does, in one line.</param>
internal sealed record RouteNote(string Group, string Summary)
{
    /// <summary>What else a caller should know; null for nothing.</summary>
    public string? Details { get; init; }

    /// <summary>Its methods, where the route refuses others by itself; null where routing knows them.</summary>
    public IReadOnlyList<string>? Methods { get; init; }

    /// <summary>The body; null for none, or for one that is handed on unread.</summary>
    public ContentNote? Takes { get; init; }

    /// <summary>What status 200 gives; several where the caller chooses among media types.</summary>
    public IReadOnlyList<ContentNote> Gives { get; init; } = [];

    /// <summary>What status 202 gives, where the work goes on after the reply; null where it does not.</summary>
    public ContentNote? Begins { get; init; }

    /// <summary>The schema of failures; null where there are none of its own.</summary>
    public string? Errors { get; init; }

    /// <summary>Parts of the path, and of the query.</summary>
    public IReadOnlyList<ParameterNote> Parameters { get; init; } = [];
}

/// <summary>A body.</summary>
/// <param name="Schema">Its schema's name in the <c>….schemas.json</c> of a room, for a stream that of one event or line; null where it is foreign.</param>
/// <param name="Example">A body as it is, JSON where the media type is; a test sends those of requests.</param>
internal sealed record ContentNote(string? Schema, string? Example = null)
{
    public const string Json = "application/json";
    public const string EventStream = "text/event-stream";
    public const string JsonLines = "application/x-ndjson";

    public string MediaType { get; init; } = Json;
}

/// <summary>A value in the path, or in the query where the path has no such part. A route whose parts all have examples can be called as documented.</summary>
internal sealed record ParameterNote(string Name, string Description, string? Example = null);

internal static class RouteNotes
{
    public static TBuilder Describe<TBuilder>(this TBuilder builder, RouteNote note)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(note);
}
