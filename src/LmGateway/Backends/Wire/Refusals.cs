using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>What a refusal means.</summary>
internal static class Refusals
{
    private const long MostRead = 256 * 1024;

    /// <summary>For backends whose models are loaded and unloaded by nobody.</summary>
    public static GatewayException NoControl(string backend) =>
        new(new GatewayError(ErrorCode.NotSupported, $"'{backend}' cannot load or unload models.") { Backend = backend });

    /// <summary>What a reply that is a refusal means, to be thrown; the reply is used up.</summary>
    public static async Task<GatewayException> TakeAsync(ExchangeReply reply, string backend, CancellationToken cancellationToken)
    {
        await using (reply) return new GatewayException(await ReadAsync(reply, backend, cancellationToken));
    }

    /// <summary>Reads a refusal's body.</summary>
    public static async Task<GatewayError> ReadAsync(ExchangeReply reply, string backend, CancellationToken cancellationToken)
    {
        using var body = await HeldReply.ReadAsync(reply, MostRead, cancellationToken);
        return UpstreamErrors.Read(reply.Status, body.Memory.Span, backend);
    }
}
