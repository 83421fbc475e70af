using LeanNats.JetStream.Models;
using static LeanNats.JetStream.JetStreamJson;

namespace LeanNats.JetStream;

public sealed partial class NatsJSContext
{
    /// <summary>
    /// Publishes a message and waits until the server has stored it. Throws <see cref="NatsJSApiException"/> when the stream refuses it,
    /// for instance with <see cref="JSErrCode.WrongLastSequence"/>. After <see cref="NatsConnectionLostException"/> or
    /// <see cref="NatsNoReplyException"/> it may be stored or not: with a <see cref="NatsJSPubOpts.MsgId"/> it can be published again.
    /// </summary>
    public async ValueTask<PubAck> PublishAsync(
        string subject, ReadOnlyMemory<byte> data = default, NatsJSPubOpts? opts = null, NatsHeaders? headers = null,
        CancellationToken cancellationToken = default)
    {
        opts ??= NatsJSPubOpts.Nothing;
        var all = opts.AddTo(headers);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var reply = await Connection.RequestAsync(subject, data, all, RequestTimeout, cancellationToken).ConfigureAwait(false);
                return ReadAck(reply);
            }
            catch (NatsNoRespondersException) when (attempt < opts.RetryAttempts)
            {
                await Task.Delay(opts.RetryWaitBetweenAttempts, Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The acknowledgement of a publish; throws <see cref="NatsJSApiException"/> when it is a refusal.</summary>
    internal static PubAck ReadAck(in NatsMsg reply)
    {
        if (reply.Headers is { Code: > 0 } status)
            throw new NatsJSApiException(new ApiError { Code = status.Code, Description = status.MessageText });
        var answer = Read(reply.Data.Span, Context.PubAckResponse);
        if (answer.Error is { } error) throw new NatsJSApiException(error);
        if (answer.Stream is null) throw new NatsJSException("The answer to a publish is no acknowledgement.");
        return new PubAck { Stream = answer.Stream, Seq = answer.Seq, Duplicate = answer.Duplicate, Domain = answer.Domain };
    }
}
