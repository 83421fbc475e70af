using System.Text.Json;
using LmGateway.Api.Mcp.Tools;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace LmGateway.Api.Mcp;

/// <summary>
/// Asks the person in front of the client before a tool destroys anything, where the client can ask; otherwise the caller has to say
/// <c>confirm: true</c> itself.
/// </summary>
internal static class DeletionConsent
{
    private const string Question = "delete";
    private const string Confirm = "confirm";

    /// <summary>The arguments to call the tool with, or the refusal to answer with.</summary>
    public static async ValueTask<(IDictionary<string, JsonElement>? Arguments, ToolAnswer? Refusal)> AskAsync(
        McpTool tool, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var arguments = request.Params.Arguments;
        if (!tool.Card.Destructive || IsYes(arguments)) return (arguments, null);
        // Whatever is missing, the tool itself says it.
        if (arguments?.TryGetValue("model", out var given) != true || ToolArguments.TextOf(given) is not { Length: > 0 } model || request.Server.ClientCapabilities?.Elicitation is null) return (arguments, null);
        var answer = Given(request, model) ?? await AskAsync(request, model, cancellationToken);
        if (!answer.IsAccepted || !IsYes(answer.Content)) return (null, ToolAnswer.Failure($"Nothing was deleted: '{model}' was not confirmed."));
        return (new Dictionary<string, JsonElement>(arguments, StringComparer.Ordinal) { [Confirm] = JsonElement.Parse("true") }, null);
    }

    /// <summary>The answer that a repeated call brings, if it is about the same model.</summary>
    private static ElicitResult? Given(RequestContext<CallToolRequestParams> request, string model) =>
        request.Params.RequestState == model && request.Params.InputResponses?.TryGetValue(Question, out var response) == true
            ? response.Deserialize(InputResponse.ElicitResultJsonTypeInfo)
            : null;

    private static async ValueTask<ElicitResult> AskAsync(RequestContext<CallToolRequestParams> request, string model, CancellationToken cancellationToken)
    {
        var question = new ElicitRequestParams
        {
            Message = $"Delete the model '{model}' and its files? It has to be downloaded again to be used.",
            RequestedSchema = new ElicitRequestParams.RequestSchema
            {
                Properties = new Dictionary<string, ElicitRequestParams.PrimitiveSchemaDefinition>(StringComparer.Ordinal)
                {
                    [Confirm] = new ElicitRequestParams.BooleanSchema { Title = "Delete", Default = false },
                },
                Required = [Confirm],
            },
        };
        // The newer protocol has no requests from the server: the client repeats its call with the answer.
        if (request.Server.IsMrtrSupported)
            throw new InputRequiredException(new Dictionary<string, InputRequest>(StringComparer.Ordinal) { [Question] = InputRequest.ForElicitation(question) }, requestState: model);
        return await request.Server.ElicitAsync(question, cancellationToken);
    }

    private static bool IsYes(IDictionary<string, JsonElement>? answers) =>
        answers?.TryGetValue(Confirm, out var confirm) == true && confirm.ValueKind == JsonValueKind.True;
}
