using System.Text.Json;
using LmGateway.Configuration;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace LmGateway.Api.Mcp;

/// <summary>What clients can attach to a conversation: the models and the status, as small JSON.</summary>
internal sealed class McpResources(McpPictures pictures, LiveSettings settings)
{
    private const string Models = "lmgateway://models";
    private const string Status = "lmgateway://status";
    private const string MediaType = "application/json";

    public static ListResourcesResult List() => new()
    {
        Resources =
        [
            new Resource { Uri = Models, Name = "models", Title = "Models", Description = "The models on this machine and which of them are loaded.", MimeType = MediaType },
            new Resource { Uri = Status, Name = "status", Title = "Status", Description = "Which backends answer, what is loaded, what is loading and what waits.", MimeType = MediaType },
        ],
    };

    public async ValueTask<ReadResourceResult> ReadAsync(RequestContext<ReadResourceRequestParams> request, CancellationToken cancellationToken)
    {
        var uri = request.Params.Uri;
        if (uri is not (Models or Status)) throw new McpProtocolException($"There is no resource '{uri}'; there are {Models} and {Status}.", McpErrorCode.InvalidParams);
        var grant = CallOrigin.Of(request, settings.Current).Grant;
        var snapshot = await pictures.LookAsync(grant, cancellationToken);
        Action<Utf8JsonWriter> write = uri == Models
            ? writer => pictures.WriteModels(writer, pictures.Models(snapshot), grant)
            : writer => pictures.WriteStatus(writer, snapshot, grant);
        return new ReadResourceResult
        {
            Contents = [new TextResourceContents { Uri = uri, MimeType = MediaType, Text = McpJson.Text(McpJson.Object(write)) }],
            // The picture is old in a moment, and belongs to whoever may see it.
            TimeToLive = TimeSpan.Zero,
            CacheScope = CacheScope.Private,
        };
    }
}
