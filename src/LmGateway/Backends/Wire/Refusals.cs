using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>Reads a refusal's body and says what it means.</summary>
internal static class Refusals
{
    private const long MostRead = 256 * 1024;

    public static async Task<GatewayError> ReadAsync(ExchangeReply reply, string backend, CancellationToken cancellationToken)
    {
        using var body = await HeldReply.ReadAsync(reply, MostRead, cancellationToken);
        return UpstreamErrors.Read(reply.Status, body.Memory.Span, backend);
    }
}
