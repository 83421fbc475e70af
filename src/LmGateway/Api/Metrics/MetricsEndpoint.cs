using System.Reflection;
using LmGateway.Api.Http;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Observability;
using LmGateway.Observability.Metrics;
using LmGateway.Reload;
using LmGateway.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.Metrics;

/// <summary><c>GET /metrics</c>: figures for Prometheus.</summary>
internal sealed class MetricsEndpoint(ServiceFigures figures, RequestJournal journal, CurrentWork work, ModelCatalog catalog, EventHub hub, ProcessFigures process, ConfigurationReload reload, RefusalFigures refusals, Admission admission)
{
    private static readonly string Version =
        typeof(MetricsEndpoint).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public string Write()
    {
        var text = new PrometheusText();
        RequestMetrics.Write(text, figures);
        WriteLoads(text);
        WriteQueues(text);
        WriteBackends(text);
        text.Single("lmgateway_active_requests", "gauge", "Requests under way.", journal.Active);
        text.Single("lmgateway_event_subscribers", "gauge", "Readers of the event stream.", hub.Subscribers);
        text.Single("lmgateway_events_dropped_total", "counter", "Events that slow readers lost.", hub.Dropped);
        text.Family("lmgateway_refusals_total", "counter", "Requests that were turned away, by the limit that was reached or the reason.");
        foreach (var (reason, count) in refusals.All) text.Sample("lmgateway_refusals_total", count, ("reason", reason));
        text.Single("lmgateway_admitted_requests", "gauge", "Requests for inference that wait or run.", admission.Held.Requests);
        text.Single("lmgateway_admitted_streams", "gauge", "Those of them that are streams.", admission.Held.Streams);
        text.Family("lmgateway_configuration_reloads_total", "counter", "Times that the configuration was read again.");
        text.Sample("lmgateway_configuration_reloads_total", reload.Record.Applied, ("outcome", "applied"));
        text.Sample("lmgateway_configuration_reloads_total", reload.Record.Refused, ("outcome", "refused"));
        WriteProcess(text);
        return text.ToString();
    }

    private void WriteLoads(PrometheusText text)
    {
        var loads = figures.Loads;
        text.Family("lmgateway_model_load_duration_seconds", "histogram", "Time of loads that succeeded.");
        foreach (var load in loads) text.Buckets("lmgateway_model_load_duration_seconds", load.Duration, ("backend", load.Backend), ("model", load.Model));
        text.Family("lmgateway_model_load_failures_total", "counter", "Loads that failed.");
        foreach (var load in loads) text.Sample("lmgateway_model_load_failures_total", load.Failed, ("backend", load.Backend), ("model", load.Model));
    }

    private void WriteQueues(PrometheusText text)
    {
        var queues = work.Queues();
        text.Family("lmgateway_queue_length", "gauge", "Requests that wait for a model or for a place on it.");
        foreach (var model in queues.Waiting) text.Sample("lmgateway_queue_length", model.Requests, ("backend", model.Backend), ("model", model.ModelKey));
        text.Family("lmgateway_running_requests", "gauge", "Requests that run on an instance.");
        foreach (var instance in queues.Instances) text.Sample("lmgateway_running_requests", instance.Running, ("backend", instance.Id.Backend), ("instance", instance.Id.Identifier));
        text.Single("lmgateway_loads_under_way", "gauge", "Loads under way.", queues.Loads.Count);
    }

    private void WriteBackends(PrometheusText text)
    {
        var backends = catalog.Current.Backends;
        text.Family("lmgateway_backend_up", "gauge", "1 where the backend answered when it was last looked at.");
        foreach (var view in backends) text.Sample("lmgateway_backend_up", view.Reachable ? 1 : 0, ("backend", view.Name));
        text.Family("lmgateway_backend_latency_seconds", "gauge", "How long the last look at the backend took.");
        foreach (var view in backends) text.Sample("lmgateway_backend_latency_seconds", view.Latency.TotalSeconds, ("backend", view.Name));
        text.Family("lmgateway_loaded_models", "gauge", "Loaded instances.");
        foreach (var view in backends) text.Sample("lmgateway_loaded_models", view.Instances.Count, ("backend", view.Name));
    }

    private void WriteProcess(PrometheusText text)
    {
        text.Family("lmgateway_build_info", "gauge", "1, with the version.");
        text.Sample("lmgateway_build_info", 1, ("version", Version));
        text.Single("lmgateway_uptime_seconds", "gauge", "Time since the start.", process.Uptime.TotalSeconds);
        text.Single("process_resident_memory_bytes", "gauge", "Memory of the process.", ProcessFigures.ResidentBytes);
        text.Single("process_cpu_seconds_total", "counter", "Processor time of the process.", ProcessFigures.ProcessorTime.TotalSeconds);
        text.Single("dotnet_heap_bytes", "gauge", "Heap in use.", ProcessFigures.Heap.Used);
    }
}

internal static class MetricsRoutes
{
    public static IServiceCollection AddMetricsApi(this IServiceCollection services) => services.AddSingleton<MetricsEndpoint>();

    public static void MapMetrics(this IEndpointRouteBuilder routes, GatewayOptions options)
    {
        if (!options.Metrics.Prometheus) return;
        routes.MapGet("/metrics", (HttpContext context, MetricsEndpoint endpoint) =>
        {
            context.Response.ContentType = PrometheusText.MediaType;
            return context.Response.WriteAsync(endpoint.Write(), context.RequestAborted);
        }).Describe(new RouteNote("metrics", "Figures for Prometheus, in its text format") { Gives = [new(null) { MediaType = "text/plain" }] });
    }
}
