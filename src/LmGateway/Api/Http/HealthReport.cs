using System.Reflection;
using System.Text.Json;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Nats;
using LmGateway.Serving;

namespace LmGateway.Api.Http;

/// <summary>How the service and what it needs are, as every API tells it: measured now, or a second ago.</summary>
internal sealed class HealthReport(HealthProbe probe, NatsLink nats, MemoryWatch memory, ShutdownLimit shutdown, LiveSettings settings)
{
    public static string Version { get; } =
        typeof(HealthReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>Looks, and returns what writes the fields of the report; without <paramref name="details"/> only what tells nothing about the backends.</summary>
    public async Task<Action<Utf8JsonWriter>> MakeAsync(bool details, CancellationToken cancellationToken)
    {
        var snapshot = await probe.LookAsync(cancellationToken);
        return writer =>
        {
            var isWell = snapshot.Backends.All(view => view.Reachable && view.Problem is null) && !nats.IsMissed && !memory.IsShort && !shutdown.Begun.IsCancellationRequested;
            writer.WriteString("status", isWell ? "healthy" : "degraded");
            if (details) WriteDetails(writer, snapshot);
            writer.WriteNumber("uptime_seconds", Math.Round(probe.Uptime.TotalSeconds, 1));
            writer.WriteString("version", Version);
        };
    }

    private void WriteDetails(Utf8JsonWriter writer, CatalogSnapshot snapshot)
    {
        writer.WriteString("provider", snapshot.Backends.Count > 0 ? snapshot.Backends[0].Traits.Kind : null);
        writer.WriteStartArray("backends");
        foreach (var view in snapshot.Backends) WriteBackend(writer, view);
        writer.WriteEndArray();
        WriteNats(writer);
        writer.WriteStartObject("http_config");
        writer.WriteNumber("timeout_secs", settings.Current.RequestTimeout == Timeout.InfiniteTimeSpan ? 0 : settings.Current.RequestTimeout.TotalSeconds);
        writer.WriteNumber("connect_timeout_secs", settings.Current.ConnectTimeout.TotalSeconds);
        writer.WriteNumber("keep_alive_secs", settings.Current.Inference.HttpKeepAliveSecs);
        if (settings.Current.Inference.HttpMaxIdleConnections is { } idle) writer.WriteNumber("max_idle_connections", idle);
        writer.WriteNumber("max_retries", settings.Current.Inference.ConnectionRetries);
        writer.WriteNumber("retry_backoff_ms", settings.Current.Inference.HttpRetryBackoffMs);
        writer.WriteEndObject();
    }

    private void WriteNats(Utf8JsonWriter writer)
    {
        var state = nats.State;
        writer.WriteStartObject("nats");
        writer.WriteString("state", nats.Connection is null ? "off" : state.IsConnected ? "connected" : "disconnected");
        if (state.Server is { } server) writer.WriteString("server", server);
        if (state.Problem is { } problem) writer.WriteString("error", problem);
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
