using LmGateway.Api.Http;

namespace LmGateway.Api.Nats;

/// <summary>The report of <c>GET /health</c>.</summary>
internal sealed class NatsHealth(HealthReport report)
{
    public async Task<NatsAnswer> ReportAsync(NatsCall call, CancellationToken cancellationToken) =>
        NatsAnswer.Ok(await report.MakeAsync(details: true, cancellationToken));
}
