using LmGateway.Api.Http;
using LmGateway.Observability;
using LmGateway.Reload;
using LmGateway.Security;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.Debug;

/// <summary>What the service is doing and has done: the event stream, status, figures, the journal of requests, the queues.</summary>
internal static class DebugEndpoints
{
    private static readonly string[] Read = ["GET", "HEAD"];

    public static IServiceCollection AddDebugApi(this IServiceCollection services) => services.AddSingleton<EventStream>();

    public static void MapDebugApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(StreamTickets.Path, (HttpContext context, EventStream stream) => stream.RunAsync(context)).Describe(DebugNotes.Stream);
        routes.MapPost(StreamTickets.Path + "/ticket", IssueTicketAsync).Describe(DebugNotes.Ticket);
        routes.MapMethods("/debug/status", Read, StatusReport.WriteAsync).Describe(DebugNotes.Status);
        routes.MapMethods("/debug/metrics", Read, MetricsReport.WriteAsync).Describe(DebugNotes.Metrics);
        routes.MapMethods("/debug/queue", Read, (HttpContext context, CurrentWork work) => QueueReport.WriteAsync(context, work)).Describe(DebugNotes.Queue);
        routes.MapMethods("/debug/requests", Read, RequestReports.ListAsync).Describe(DebugNotes.Requests);
        routes.MapMethods("/debug/requests/{**id}", Read, RequestReports.ShowAsync).Describe(DebugNotes.Request);
    }

    private static Task IssueTicketAsync(HttpContext context, StreamTickets tickets) => JsonReply.WriteAsync(context, 200, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("ticket", tickets.Issue(CallerIdentity.Of(context).Name));
        writer.WriteNumber("expiresInSeconds", (int)StreamTickets.Lifetime.TotalSeconds);
        writer.WriteEndObject();
    });
}
