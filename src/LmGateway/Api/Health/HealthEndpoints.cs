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
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        // Made now, because it counts the service's time from here.
        routes.ServiceProvider.GetRequiredService<HealthProbe>();
        routes.MapMethods("/", ["GET", "HEAD"], (HttpContext context) => JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("message", $"LmGateway {HealthReport.Version} is up");
            writer.WriteEndObject();
        }));
        routes.MapMethods("/health/live", ["GET", "HEAD"], (HttpContext context) => JsonReply.WriteAsync(context, 200, writer => WriteStatus(writer, "healthy")));
        routes.MapMethods("/health/ready", ["GET", "HEAD"], ReadyAsync);
        routes.MapMethods("/health", ["GET", "HEAD"], HealthAsync);
    }

    private static async Task ReadyAsync(HttpContext context, HealthProbe probe)
    {
        var ready = (await probe.LookAsync(context.RequestAborted)).Backends.Any(view => view.Reachable);
        await JsonReply.WriteAsync(context, ready ? 200 : 503, writer => WriteStatus(writer, ready ? "ready" : "not ready"));
    }

    private static async Task HealthAsync(HttpContext context, HealthReport report, GatewayOptions options)
    {
        var details = options.Security.ApiKey is null || context.Features.Get<CallerIdentity>() is { Authenticated: true };
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
