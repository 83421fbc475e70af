using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Security;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.Health;

/// <summary>How the service and its backends are: measured now, for people, monitors and orchestrators.</summary>
internal static class HealthEndpoints
{
    private const string Group = "health";

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        // Made now, because it counts the service's time from here.
        routes.ServiceProvider.GetRequiredService<HealthProbe>();
        routes.MapMethods("/", ["GET", "HEAD"], (HttpContext context) => JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("message", $"LmGateway {ProductVersion.Current} is up");
            writer.WriteEndObject();
        })).Describe(new RouteNote(Group, "A greeting that says which version runs") { Gives = [new("Greeting")] });
        routes.MapMethods("/health/live", ["GET", "HEAD"], (HttpContext context) => JsonReply.WriteAsync(context, 200, writer => WriteStatus(writer, "healthy")))
            .Describe(new RouteNote(Group, "Whether the process answers") { Details = "Never needs a key.", Gives = [new("Status")] });
        routes.MapMethods("/health/ready", ["GET", "HEAD"], ReadyAsync).Describe(new RouteNote(Group, "Whether a backend can be reached") { Details = "503 where none can.", Gives = [new("Status")], Errors = "Status" });
        routes.MapMethods("/health", ["GET", "HEAD"], HealthAsync).Describe(new RouteNote(Group, "How the service and its backends are, measured now")
        {
            Details = "200 while the service runs, `degraded` where a backend is away. Where a key is set and not sent, only status, uptime and version.",
            Gives = [new("Health")],
        });
    }

    private static async Task ReadyAsync(HttpContext context, HealthProbe probe)
    {
        var ready = (await probe.LookAsync(context.RequestAborted)).Backends.Any(view => view.Reachable);
        await JsonReply.WriteAsync(context, ready ? 200 : 503, writer => WriteStatus(writer, ready ? "ready" : "not ready"));
    }

    private static async Task HealthAsync(HttpContext context, HealthProbe probe, GatewayOptions options)
    {
        var snapshot = await probe.LookAsync(context.RequestAborted);
        var details = options.Security.ApiKey is null || context.Features.Get<CallerIdentity>() is { Authenticated: true };
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", snapshot.Backends.All(view => view.Reachable && view.Problem is null) ? "healthy" : "degraded");
            if (details) WriteDetails(writer, snapshot, options);
            writer.WriteNumber("uptime_seconds", Math.Round(probe.Uptime.TotalSeconds, 1));
            writer.WriteString("version", ProductVersion.Current);
            writer.WriteEndObject();
        });
    }

    private static void WriteStatus(Utf8JsonWriter writer, string status)
    {
        writer.WriteStartObject();
        writer.WriteString("status", status);
        writer.WriteEndObject();
    }

    private static void WriteDetails(Utf8JsonWriter writer, CatalogSnapshot snapshot, GatewayOptions options)
    {
        writer.WriteString("provider", snapshot.Backends.Count > 0 ? snapshot.Backends[0].Traits.Kind : null);
        writer.WriteStartArray("backends");
        foreach (var view in snapshot.Backends) WriteBackend(writer, view);
        writer.WriteEndArray();
        writer.WriteStartObject("http_config");
        writer.WriteNumber("timeout_secs", options.RequestTimeout == Timeout.InfiniteTimeSpan ? 0 : options.RequestTimeout.TotalSeconds);
        writer.WriteNumber("connect_timeout_secs", options.ConnectTimeout.TotalSeconds);
        writer.WriteNumber("keep_alive_secs", options.Inference.HttpKeepAliveSecs);
        if (options.Inference.HttpMaxIdleConnections is { } idle) writer.WriteNumber("max_idle_connections", idle);
        writer.WriteNumber("max_retries", options.Inference.ConnectionRetries);
        writer.WriteNumber("retry_backoff_ms", options.Inference.HttpRetryBackoffMs);
        writer.WriteEndObject();
    }

    private static void WriteBackend(Utf8JsonWriter writer, BackendView view)
    {
        writer.WriteStartObject();
        writer.WriteString("name", view.Name);
        writer.WriteString("kind", view.Traits.Kind);
        writer.WriteBoolean("reachable", view.Reachable);
        writer.WriteStartObject("control");
        writer.WriteBoolean("websocket", view.Control.WebSocket);
        writer.WriteBoolean("rest", view.Control.Rest);
        writer.WriteBoolean("cli", view.Control.Cli);
        writer.WriteEndObject();
        writer.WriteNumber("latency_ms", Math.Round(view.Latency.TotalMilliseconds, 1));
        if (view.Version is { } version) writer.WriteString("version", version);
        if (view.Reachable)
        {
            writer.WriteNumber("models", view.Models.Count);
            writer.WriteNumber("loaded", view.Instances.Count);
        }

        if (view.Problem is { } problem) writer.WriteString("error", problem);
        writer.WriteEndObject();
    }
}
