using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Configuration;
using LmGateway.Security;
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
            writer.WriteString("message", $"LmGateway {HealthReport.Version} is up");
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

    private static async Task ReadyAsync(HttpContext context, HealthProbe probe, ShutdownLimit shutdown)
    {
        var ready = !shutdown.Begun.IsCancellationRequested && (await probe.LookAsync(context.RequestAborted)).Backends.Any(view => view.Reachable);
        await JsonReply.WriteAsync(context, ready ? 200 : 503, writer => WriteStatus(writer, ready ? "ready" : "not ready"));
    }

    private static async Task HealthAsync(HttpContext context, HealthReport report)
    {
        var details = context.Features.Get<CallerIdentity>() is { Authenticated: true };
        var write = await report.MakeAsync(details, context.RequestAborted);
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        });
    }

    private static void WriteStatus(Utf8JsonWriter writer, string status)
    {
        writer.WriteStartObject();
        writer.WriteString("status", status);
        writer.WriteEndObject();
    }
}
