using System.Text.Json;
using LeanNats;
using LeanNats.Services;
using LmGateway.Api.Http;
using LmGateway.Nats;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging;

namespace LmGateway.Api.Nats;

/// <summary>Sends the one reply to a request. What does not fit into a message is put into the object store where the caller asks for that, and refused otherwise.</summary>
internal sealed partial class NatsReplies(NatsNode node, ReplyStore store, KeyQuotas quotas, ILogger<NatsReplies> logger)
{
    /// <summary>Who answers.</summary>
    public string Node => node.Id;

    /// <summary>Of every reply: the request's id, and what the caller's key has left where it has limits.</summary>
    public NatsHeaders Headers(NatsCall call)
    {
        var headers = new NatsHeaders { [NatsCall.RequestIdHeader] = call.Context.RequestId };
        if (quotas.StateOf(call.Context.Grant) is { } left) QuotaHeaders.Tell(left, (name, value) => headers[name] = value);
        return headers;
    }

    /// <summary>Does not fail: a caller that cannot be reached any more is only logged.</summary>
    public async Task SendAsync(NatsSvcMsg request, NatsCall call, NatsAnswer answer, CancellationToken cancellationToken)
    {
        try
        {
            var body = answer.ToBytes(node.Id);
            try
            {
                await SendAsync(request, call, answer.Error, body, cancellationToken);
            }
            catch (NatsPayloadTooLargeException tooLarge)
            {
                var instead = call.TakesReference ? await ReferenceAsync(call, answer.Error, body, cancellationToken) : TooLarge(tooLarge);
                await SendAsync(request, call, instead.Error, instead.ToBytes(node.Id), cancellationToken);
            }
        }
        catch (Exception fault) when (fault is NatsException or ObjectDisposedException or OperationCanceledException)
        {
            LogNotSent(request.Subject, fault.Message, call.Context.RequestId);
        }
    }

    private async Task SendAsync(NatsSvcMsg request, NatsCall call, GatewayError? error, byte[] body, CancellationToken cancellationToken)
    {
        // The words stand in the body: a header takes one short line of ASCII.
        if (error is null) await request.ReplyAsync(body, Headers(call), cancellationToken: cancellationToken);
        else await request.ReplyErrorAsync(ErrorStatus.Of(error.Code), NatsErrors.Code(error.Code), body, Headers(call), cancellationToken);
    }

    /// <summary>Where the reply lies; a failure that is too large stays one.</summary>
    private async Task<NatsAnswer> ReferenceAsync(NatsCall call, GatewayError? error, byte[] body, CancellationToken cancellationToken)
    {
        try
        {
            var put = await store.PutAsync(call.Context.RequestId, body, cancellationToken);
            return error is null ? NatsAnswer.Ok(Write) : NatsAnswer.Failed(error with { Details = [] }, NatsErrors.Code(error.Code), Write);

            void Write(Utf8JsonWriter data)
            {
                data.WriteStartObject("reference");
                data.WriteString("bucket", ReplyStore.Bucket);
                data.WriteString("name", put.Name);
                data.WriteNumber("size", put.Size);
                data.WriteString("digest", put.Digest);
                data.WriteEndObject();
            }
        }
        catch (GatewayException failure)
        {
            return NatsAnswer.Failed(failure.Error);
        }
    }

    private static NatsAnswer TooLarge(NatsPayloadTooLargeException fault) => NatsAnswer.Failed(
        new GatewayError(ErrorCode.BodyTooLarge, $"The reply has {fault.Size} bytes; the NATS server takes {fault.MaxPayload} (max_payload). Raise that, or ask with the header {NatsCall.LargeReplyHeader}: reference."),
        data: writer =>
        {
            writer.WriteNumber("size", fault.Size);
            writer.WriteNumber("max_payload", fault.MaxPayload);
        });

    [LoggerMessage(LogLevel.Warning, "The reply to {Subject} could not be sent: {Reason} [{RequestId}]")]
    private partial void LogNotSent(string subject, string reason, string requestId);
}
