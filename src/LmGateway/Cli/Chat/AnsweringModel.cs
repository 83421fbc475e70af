using System.Text.Json;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Chat;

/// <summary>Who answers where no model is named: the active model, else the only language model that is loaded.</summary>
internal static class AnsweringModel
{
    /// <summary>Null for the active model, which the service puts in.</summary>
    public static async Task<string?> FindAsync(ServiceCall call, CancellationToken cancellationToken)
    {
        if (await IsOneActiveAsync(call, cancellationToken)) return null;
        var models = (await call.Service.GetAsync("/v1/models", cancellationToken)).Items("data");
        var loaded = models.Where(model => model.Text("state") == "loaded" && model.Text("type") != "embedding").Select(model => model.Text("id")!).ToList();
        return loaded switch
        {
            [var only] => only,
            [] => throw Unnamed("No model was named, and none is active or loaded.", Names(models)),
            _ => throw Unnamed("No model was named, and several are loaded.", loaded),
        };
    }

    private static CommandException Unnamed(string message, IReadOnlyList<string> models) => new(CommandFailure.Usage(
        message, models.Count > 0 ? $"Name one: lmgateway chat {models[0]}" : "Download one first: 'lmgateway models search TEXT', then 'lmgateway models pull NAME'.") with { Details = models });

    private static IReadOnlyList<string> Names(IReadOnlyList<JsonElement> models) => [.. models.Where(model => model.Text("type") != "embedding").Select(model => model.Text("id")!)];

    /// <summary>Not known to keys that do not open that route; then the service itself says what is missing.</summary>
    private static async Task<bool> IsOneActiveAsync(ServiceCall call, CancellationToken cancellationToken)
    {
        try
        {
            return (await call.Service.GetAsync("/debug/status", cancellationToken)).Member("activeModel")?.Text("modelKey") is not null;
        }
        catch (CommandException failure) when (failure.Failure.Code == "forbidden")
        {
            return true;
        }
    }
}
