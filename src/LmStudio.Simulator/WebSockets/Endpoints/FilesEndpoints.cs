using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;
using LmStudio.Simulator.WebSockets.Validation;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary><c>/files</c>: uploading what a chat then refers to.</summary>
internal sealed class FilesEndpoints(SimulatedLmStudio studio)
{
    public IEnumerable<Endpoint> All() =>
    [
        RpcEndpoint.Immediate("uploadFileBase64", new Shape.Keys(("name", Shapes.Text), ("contentBase64", Shapes.Text)), Upload),
    ];

    private JsonObject Upload(EndpointCall call)
    {
        var content = History.Base64(call.Text("contentBase64")!) ?? throw new ProtocolException(new ProtocolError("The content is not valid base64."));
        var file = studio.Files.Add(call.Text("name")!, content);
        return new JsonObject { ["identifier"] = file.Identifier, ["fileType"] = file.FileType, ["sizeBytes"] = content.Length };
    }
}
