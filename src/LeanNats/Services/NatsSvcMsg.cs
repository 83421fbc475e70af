namespace LeanNats.Services;

/// <summary>A request to an endpoint.</summary>
public readonly record struct NatsSvcMsg
{
    private readonly NatsMsg message;
    private readonly Endpoint endpoint;

    internal NatsSvcMsg(in NatsMsg message, Endpoint endpoint) => (this.message, this.endpoint) = (message, endpoint);

    /// <summary>The subject it was asked on.</summary>
    public string Subject => message.Subject;

    /// <summary>Where the answer goes.</summary>
    public string? ReplyTo => message.ReplyTo;

    /// <summary>The headers; null without any.</summary>
    public NatsHeaders? Headers => message.Headers;

    /// <summary>The payload.</summary>
    public ReadOnlyMemory<byte> Data => message.Data;

    /// <summary>Why the request is not whole, for instance because its headers could not be read.</summary>
    public NatsException? Error => message.Error;

    /// <summary>Answers. May be called more than once where the caller expects many answers.</summary>
    public ValueTask ReplyAsync(
        ReadOnlyMemory<byte> data = default, NatsHeaders? headers = null, string? replyTo = null, CancellationToken cancellationToken = default) =>
        message.ReplyAsync(data, headers, replyTo, cancellationToken);

    /// <summary>
    /// Answers with an error, which is counted in the statistics: the headers <c>Nats-Service-Error-Code</c> and
    /// <c>Nats-Service-Error</c>, and <paramref name="data"/> for those who want to know more.
    /// </summary>
    public ValueTask ReplyErrorAsync(
        int code, string error, ReadOnlyMemory<byte> data = default, NatsHeaders? headers = null, CancellationToken cancellationToken = default)
    {
        var words = NatsSvcException.OneLine(error);
        endpoint.OnError(code, words);
        var all = new NatsHeaders();
        foreach (var (key, values) in headers ?? []) all[key] = values;
        all[NatsSvcException.CodeHeader] = code.ToString();
        all[NatsSvcException.ErrorHeader] = words;
        return message.ReplyAsync(data, all, cancellationToken: cancellationToken);
    }
}
