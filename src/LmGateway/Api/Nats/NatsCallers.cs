using LeanNats.Services;
using LmGateway.Configuration;
using LmGateway.Security;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Nats;

/// <summary>
/// Says who asks, and whether they may: the holder of the key in a message's header, or whoever the NATS server let in. Where no key is set,
/// headers with keys are ignored.
/// </summary>
internal sealed class NatsCallers(KeyRing ring, LiveSettings settings, TimeProvider time)
{
    private const string KeyHeader = "x-api-key";

    /// <summary>The request; a caller who may not make it is its fault.</summary>
    public NatsCall Read(in NatsSvcMsg message, KeyScopes scope, string operation)
    {
        var call = NatsCall.Of(message, time);
        if (!ring.Required) return call;
        try
        {
            if (GrantOf(message) is not { } grant) return call;
            call = call with { Context = call.Context with { Caller = grant.Name, Grant = grant } };
            grant.Demand(scope, $"'{operation}'");
            return call;
        }
        catch (GatewayException refused)
        {
            return call with { Fault = refused.Error };
        }
    }

    /// <summary>Null for a caller that needs no key and has every right.</summary>
    private KeyGrant? GrantOf(in NatsSvcMsg message)
    {
        if (SecretIn(message) is { } secret)
            return ring.GrantOf(secret) ?? throw Unauthorized("The key in the message's header is none of this service's.");
        if (settings.Current.Nats.NeedsKey) throw Unauthorized($"A key is needed: send it in the header '{KeyHeader}', or as 'authorization: Bearer <key>'.");
        if (settings.Current.Nats.KeyName is not { } name) return null;
        return ring.Named(name) ?? throw Unauthorized($"A key is needed: send it in the header '{KeyHeader}'. There is no key '{name}' to stand in for it (nats.key_name).");
    }

    private static string? SecretIn(in NatsSvcMsg message)
    {
        if (message.Headers is not { } headers) return null;
        if (NatsCall.Header(headers, KeyHeader) is { Length: > 0 } key) return key;
        if (ApiKeys.BearerOf(NatsCall.Header(headers, "authorization")) is { Length: > 0 } bearer) return bearer.ToString();
        return NatsCall.Header(headers, "api-key") is { Length: > 0 } other ? other : null;
    }

    private static GatewayException Unauthorized(string message) => new(ErrorCode.Unauthorized, message);
}
