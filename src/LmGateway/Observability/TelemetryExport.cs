using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace LmGateway.Observability;

/// <summary>
/// Sends spans and measurements by OTLP where OpenTelemetry's standard variables name a receiver (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, or the one
/// for traces or for metrics). Everything else about it stands in the other <c>OTEL_*</c> variables, which its library reads.
/// </summary>
internal sealed class TelemetryExport : IHostedService, IDisposable
{
    private const string AnyEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string TracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    private const string MetricsEndpoint = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";

    private TracerProvider? traces;
    private MeterProvider? metrics;

    /// <summary>Whether the environment names a receiver and does not switch everything off.</summary>
    public static bool IsAskedFor =>
        (IsSet(AnyEndpoint) || IsSet(TracesEndpoint) || IsSet(MetricsEndpoint))
        && !string.Equals(Environment.GetEnvironmentVariable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (IsSet(AnyEndpoint) || IsSet(TracesEndpoint))
            traces = Sdk.CreateTracerProviderBuilder().ConfigureResource(Describe).AddSource(Telemetry.Name, "Microsoft.AspNetCore").AddOtlpExporter().Build();
        if (IsSet(AnyEndpoint) || IsSet(MetricsEndpoint))
            metrics = Sdk.CreateMeterProviderBuilder().ConfigureResource(Describe).AddMeter(Telemetry.Name, "Microsoft.AspNetCore.Hosting", "System.Runtime").AddOtlpExporter().Build();
        return Task.CompletedTask;
    }

    /// <summary>What has not been sent yet is sent, in the library's own time limit.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        traces?.Dispose();
        metrics?.Dispose();
        (traces, metrics) = (null, null);
    }

    private static bool IsSet(string name) => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(name));

    /// <summary>The variables can name the service otherwise.</summary>
    private static void Describe(ResourceBuilder resource) => resource.AddService("lmgateway").AddEnvironmentVariableDetector();
}
