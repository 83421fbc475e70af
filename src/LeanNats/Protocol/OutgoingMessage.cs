namespace LeanNats.Protocol;

/// <summary>A message to publish, checked and measured.</summary>
internal readonly record struct OutgoingMessage
{
    /// <summary>Throws <see cref="ArgumentException"/> for a subject, reply subject or header that cannot be sent.</summary>
    public OutgoingMessage(string subject, string? replyTo, NatsHeaders? headers, ReadOnlyMemory<byte> data)
    {
        NatsSubject.CheckPublish(subject, nameof(subject));
        if (replyTo is not null) NatsSubject.CheckPublish(replyTo, nameof(replyTo));
        (Subject, ReplyTo, Headers, Data) = (subject, replyTo, headers, data);
        HeaderLength = headers is { Count: > 0 } ? HeaderBlock.Measure(headers) : 0;
    }

    public string Subject { get; }

    public string? ReplyTo { get; }

    public NatsHeaders? Headers { get; }

    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>0 without headers.</summary>
    public int HeaderLength { get; }

    /// <summary>What the server counts against its limit.</summary>
    public long Size => (long)HeaderLength + Data.Length;
}
