using System.Globalization;
using static LeanNats.JetStream.JetStreamJson;

namespace LeanNats.JetStream;

/// <summary>A message that a consumer delivered.</summary>
public readonly record struct NatsJSMsg
{
    private readonly NatsMsg message;
    private readonly NatsJSContext js;

    internal NatsJSMsg(in NatsMsg message, NatsJSContext js)
    {
        (this.message, this.js) = (message, js);
        Metadata = NatsJSMsgMetadata.Parse(message.ReplyTo);
    }

    /// <summary>The subject it was published on.</summary>
    public string Subject => message.Subject;

    /// <summary>The headers; null without any.</summary>
    public NatsHeaders? Headers => message.Headers;

    /// <summary>The payload.</summary>
    public ReadOnlyMemory<byte> Data => message.Data;

    /// <summary>The bytes of subject, reply subject, headers and payload.</summary>
    public int Size => message.Size;

    /// <summary>Why the message is not whole, for instance because its headers could not be read.</summary>
    public NatsException? Error => message.Error;

    /// <summary>Where it stands in the stream and how it was delivered.</summary>
    public NatsJSMsgMetadata Metadata { get; }

    /// <summary>The work is done. With a double acknowledgement it returns when the server knows it.</summary>
    public ValueTask AckAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) =>
        AnswerAsync("+ACK"u8.ToArray(), opts, cancellationToken);

    /// <summary>The work failed: the message is to be delivered again, at once or after a while.</summary>
    public ValueTask NakAsync(AckOpts? opts = null, TimeSpan? delay = null, CancellationToken cancellationToken = default)
    {
        byte[] answer = delay is null ? "-NAK"u8.ToArray() : [.. "-NAK "u8, .. Write(new NakRequest(delay), Context.NakRequest)];
        return AnswerAsync(answer, opts, cancellationToken);
    }

    /// <summary>The work goes on: the time for its acknowledgement begins anew.</summary>
    public ValueTask AckProgressAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) =>
        AnswerAsync("+WPI"u8.ToArray(), opts, cancellationToken);

    /// <summary>The message is not to be delivered again although its work is not done.</summary>
    public ValueTask AckTerminateAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) =>
        AnswerAsync("+TERM"u8.ToArray(), opts, cancellationToken);

    internal void Recycle() => message.Recycle();

    private async ValueTask AnswerAsync(ReadOnlyMemory<byte> answer, AckOpts? opts, CancellationToken cancellationToken)
    {
        if (message.ReplyTo is not { } replyTo) throw new InvalidOperationException("The message cannot be acknowledged.");
        if (opts is { DoubleAck: true })
            await js.Connection.RequestAsync(replyTo, answer, timeout: js.RequestTimeout, cancellationToken: cancellationToken).ConfigureAwait(false);
        else
            await js.Connection.PublishAsync(replyTo, answer, cancellationToken: cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>Settings of an acknowledgement.</summary>
public sealed record AckOpts
{
    /// <summary>True waits until the server has the acknowledgement, and throws what a request throws.</summary>
    public bool DoubleAck { get; init; }
}

/// <summary>What the reply subject of a delivered message says.</summary>
public readonly record struct NatsJSMsgMetadata
{
    private const int ShortTokens = 9;
    private const int LongTokens = 11;
    private const int MostTokens = 13;

    /// <summary>The stream.</summary>
    public required string Stream { get; init; }

    /// <summary>The consumer.</summary>
    public required string Consumer { get; init; }

    /// <summary>The number in the stream.</summary>
    public required ulong StreamSequence { get; init; }

    /// <summary>The number among what the consumer delivered.</summary>
    public required ulong ConsumerSequence { get; init; }

    /// <summary>How often it was delivered, this time included.</summary>
    public required ulong NumDelivered { get; init; }

    /// <summary>How many messages are still to come.</summary>
    public required ulong NumPending { get; init; }

    /// <summary>When it was stored.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The JetStream domain.</summary>
    public string? Domain { get; init; }

    /// <summary>
    /// Reads <c>$JS.ACK.stream.consumer.delivered.seq.consumerSeq.time.pending</c>, which newer servers write with the domain and the
    /// account after the second token. Throws <see cref="NatsJSException"/> for anything else.
    /// </summary>
    internal static NatsJSMsgMetadata Parse(string? ackSubject)
    {
        Span<Range> parts = stackalloc Range[MostTokens];
        var subject = ackSubject.AsSpan();
        var count = subject.Split(parts, '.');
        var at = count >= LongTokens ? 4 : 2;
        if ((count < LongTokens && count != ShortTokens) || subject[parts[0]] is not "$JS" || subject[parts[1]] is not "ACK"
            || !TryNumber(subject[parts[at + 2]], out var delivered) || !TryNumber(subject[parts[at + 3]], out var stream)
            || !TryNumber(subject[parts[at + 4]], out var consumer)
            || !long.TryParse(subject[parts[at + 5]], NumberStyles.None, CultureInfo.InvariantCulture, out var nanoseconds)
            || !TryNumber(subject[parts[at + 6]], out var pending))
            throw new NatsJSException($"'{ackSubject}' is not the acknowledgement subject of a delivered message.");
        return new NatsJSMsgMetadata
        {
            Stream = subject[parts[at]].ToString(), Consumer = subject[parts[at + 1]].ToString(),
            NumDelivered = delivered, StreamSequence = stream, ConsumerSequence = consumer, NumPending = pending,
            Timestamp = Timestamps.FromNanoseconds(nanoseconds),
            Domain = count >= LongTokens && subject[parts[2]] is not "_" ? subject[parts[2]].ToString() : null,
        };
    }

    private static bool TryNumber(ReadOnlySpan<char> token, out ulong number) =>
        ulong.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
