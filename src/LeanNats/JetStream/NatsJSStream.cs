using LeanNats.JetStream.Models;
using LeanNats.Protocol;
using static LeanNats.JetStream.JetStreamJson;

namespace LeanNats.JetStream;

/// <summary>A stream that exists, and reading single messages of it.</summary>
public sealed class NatsJSStream
{
    private readonly NatsJSContext js;

    internal NatsJSStream(NatsJSContext js, StreamInfo info) => (this.js, Info) = (js, info);

    /// <summary>The settings and the state when last asked.</summary>
    public StreamInfo Info { get; private set; }

    /// <summary>The name.</summary>
    public string Name => Info.Config.Name;

    /// <summary>Asks for <see cref="Info"/> anew. With a filter its state counts the messages of each matching subject.</summary>
    public async ValueTask RefreshAsync(string? subjectsFilter = null, CancellationToken cancellationToken = default) =>
        Info = await js.GetStreamInfoAsync(Name, subjectsFilter, cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// One message, from the stream's leader: it sees everything that was acknowledged before. Throws <see cref="NatsJSApiException"/>
    /// with <see cref="JSErrCode.NoMessageFound"/> when there is none.
    /// </summary>
    public async ValueTask<StoredMessage> GetAsync(StreamMsgGetRequest request, CancellationToken cancellationToken = default)
    {
        var body = Write(request, Context.StreamMsgGetRequest);
        var answer = await js.AskAsync($"STREAM.MSG.GET.{Name}", body, Context.StreamMsgGetResponse, cancellationToken).ConfigureAwait(false);
        var raw = answer.Message ?? throw new NatsJSException("The server's answer holds no message.");
        return new StoredMessage
        {
            Subject = raw.Subject, Seq = raw.Seq, Time = raw.Time, Data = raw.Data,
            Headers = raw.Hdrs is { Length: > 0 } block ? HeaderBlock.Parse(block) : null,
        };
    }

    /// <summary>
    /// One message, from any replica, faster and in a cluster perhaps a moment behind. A stream that does not allow it is asked as by
    /// <see cref="GetAsync"/>. The headers hold the server's <c>Nats-…</c> ones too.
    /// </summary>
    public async ValueTask<StoredMessage> GetDirectAsync(StreamMsgGetRequest request, CancellationToken cancellationToken = default)
    {
        if (!Info.Config.AllowDirect) return await GetAsync(request, cancellationToken).ConfigureAwait(false);
        var (operation, body) = request is { LastBySubj: { } subject, Seq: null }
            ? ($"DIRECT.GET.{Name}.{subject}", [])
            : ($"DIRECT.GET.{Name}", Write(request, Context.StreamMsgGetRequest));
        var reply = await js.Connection.RequestAsync(js.Api(operation), body, timeout: js.RequestTimeout, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        return ReadDirect(reply);
    }

    private static StoredMessage ReadDirect(in NatsMsg reply)
    {
        if (reply.Headers is not { } headers) throw new NatsJSException("The server's answer to a direct get has no headers.");
        if (headers.Code == 404)
            throw new NatsJSApiException(new ApiError { Code = 404, ErrCode = JSErrCode.NoMessageFound, Description = "no message found" });
        if (headers.Code != 0) throw new NatsJSApiException(new ApiError { Code = headers.Code, Description = headers.MessageText });
        if (!headers.TryGetLastValue("Nats-Subject", out var subject)
            || !headers.TryGetLastValue("Nats-Sequence", out var number) || !ulong.TryParse(number, out var seq)
            || !headers.TryGetLastValue("Nats-Time-Stamp", out var moment) || !Timestamps.TryParse(moment, out var time))
            throw new NatsJSException("The server's answer to a direct get does not say which message it is.");
        return new StoredMessage { Subject = subject, Seq = seq, Time = time, Headers = headers, Data = reply.Data };
    }
}
