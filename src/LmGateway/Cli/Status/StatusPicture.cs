using System.Text.Json;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Status;

/// <summary>What the service tells of itself. What the key does not open, or what cannot be had while no backend answers, is null.</summary>
internal sealed record StatusPicture(JsonElement Health)
{
    /// <summary>The models, with their instances.</summary>
    public JsonElement? Catalog { get; init; }

    /// <summary>Active model, requests, errors.</summary>
    public JsonElement? Work { get; init; }

    public JsonElement? Queue { get; init; }

    public bool IsWell => Health.Text("status") == "healthy";

    public static async Task<StatusPicture> TakeAsync(ServiceCall call, CancellationToken cancellationToken)
    {
        var health = await call.Service.GetAsync("/health", cancellationToken);
        if (health.Text("version") is null) throw ServiceFailures.Foreign(call.Service.Location);
        // Without a reachable backend the service would try for a while before it says so again.
        var reachable = health.Items("backends").Any(backend => backend.Flag("reachable"));
        var catalog = reachable ? TryAsync(call, "/admin/models/catalog", cancellationToken) : Task.FromResult<JsonElement?>(null);
        var work = TryAsync(call, "/debug/status", cancellationToken);
        var queue = TryAsync(call, "/debug/queue", cancellationToken);
        return new StatusPicture(health) { Catalog = await catalog, Work = await work, Queue = await queue };
    }

    private static async Task<JsonElement?> TryAsync(ServiceCall call, string path, CancellationToken cancellationToken)
    {
        try
        {
            return await call.Service.GetAsync(path, cancellationToken);
        }
        catch (CommandException)
        {
            return null;
        }
    }
}
