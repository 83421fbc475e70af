using LmGateway.Api.Http;
using LmGateway.Catalog;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Chat;

/// <summary>
/// Models loaded and unloaded by hand. Whether it worked stands in the reply, whose status is 200 either way: callers look at
/// <c>loaded</c> and <c>success</c>.
/// </summary>
internal static class ModelEndpoints
{
    private static readonly string[] ModelNames = ["model_key", "model", "model_id"];
    private static readonly string[] InstanceNames = ["instance_id", "identifier"];

    public static async Task LoadAsync(HttpContext context, BodyBudget budget, ModelOperations operations, ModelCatalog catalog)
    {
        using var held = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        using var json = JsonBody.Of(held.Memory);
        var command = json.Read(fields => new LoadCommand(fields.RequiredName(ModelNames))
        {
            InstanceId = fields.Name(InstanceNames),
            Exclusive = fields.Flag("exclusive"),
            Reuse = true,
        });
        if (command is null)
        {
            await json.RefuseAsync(context);
            return;
        }

        context.Concerns(command.InstanceId ?? command.ModelKey);
        try
        {
            var outcome = await operations.LoadAsync(command, context.Call("chat"), context.RequestAborted);
            await WriteLoadedAsync(context, outcome, DisplayName(catalog.Current, outcome.Instance));
        }
        catch (GatewayException failure) when (!context.Response.HasStarted)
        {
            context.Failed(failure.Error);
            await WriteNotLoadedAsync(context, ChatErrors.LoadText(failure.Error));
        }
    }

    public static async Task UnloadAsync(HttpContext context, BodyBudget budget, ModelOperations operations)
    {
        using var held = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        using var json = JsonBody.Of(held.Memory);
        var request = json.Read(fields => new UnloadRequest(fields.Name(ModelNames), fields.Name(InstanceNames), fields.Flag("unload_all")));
        if (request is null)
        {
            await json.RefuseAsync(context);
            return;
        }

        if (request is { Name: null, All: false })
        {
            await WriteUnloadedAsync(context, [], "Must specify model_key or unload_all=true");
            return;
        }

        var model = request.All ? null : request.Name;
        context.Concerns(model ?? "every model");
        try
        {
            var sweep = await operations.UnloadEveryAsync(model, context.Call("chat"), context.RequestAborted);
            if (sweep.Failure is { } refused) context.Failed(refused);
            var error = sweep.Failure is { } failure ? ChatErrors.UnloadText(failure, model)
                : model is not null && sweep.Gone.Count == 0 ? $"Failed to unload model {model}: it is not loaded" : null;
            await WriteUnloadedAsync(context, sweep.Gone, error);
        }
        catch (GatewayException failure) when (!context.Response.HasStarted)
        {
            context.Failed(failure.Error);
            await WriteUnloadedAsync(context, [], ChatErrors.UnloadText(failure.Error, model));
        }
    }

    private static Task WriteLoadedAsync(HttpContext context, LoadOutcome outcome, string displayName) => JsonReply.WriteAsync(context, 200, writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("loaded", true);
        writer.WriteStartObject("model");
        writer.WriteString("key", outcome.Instance.ModelKey);
        writer.WriteString("display_name", displayName);
        writer.WriteEndObject();
        writer.WriteNull("error");
        if (outcome.Unloaded.Count > 0)
        {
            writer.WriteStartArray("unloaded");
            foreach (var identifier in outcome.Unloaded) writer.WriteStringValue(identifier);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    });

    private static Task WriteNotLoadedAsync(HttpContext context, string error) => JsonReply.WriteAsync(context, 200, writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("loaded", false);
        writer.WriteString("error", error);
        writer.WriteEndObject();
    });

    private static Task WriteUnloadedAsync(HttpContext context, IReadOnlyList<ModelInstance> gone, string? error) => JsonReply.WriteAsync(context, 200, writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("success", error is null);
        writer.WriteStartArray("unloaded_keys");
        foreach (var key in gone.Select(instance => instance.ModelKey).Distinct()) writer.WriteStringValue(key);
        writer.WriteEndArray();
        writer.WriteString("error", error);
        writer.WriteEndObject();
    });

    private static string DisplayName(CatalogSnapshot catalog, ModelInstance instance)
    {
        foreach (var model in catalog.ModelsWithKey(instance.ModelKey))
            if (model.Backend == instance.Id.Backend && model.DisplayName is { } name) return name;
        return instance.DisplayName ?? instance.ModelKey;
    }

    private sealed record UnloadRequest(string? ModelKey, string? Identifier, bool All)
    {
        /// <summary>One instance where one is named, else every instance of the model.</summary>
        public string? Name => Identifier ?? ModelKey;
    }
}
