namespace LeanNats.Protocol;

/// <summary>A message to publish, checked; its headers are written out already, so that nothing can change them while it waits.</summary>
internal readonly record struct OutgoingMessage
{
    /// <summary>Throws <see cref="ArgumentException"/> for a subject, reply subject or header that cannot be sent.</summary>
    public OutgoingMessage(string subject, string? replyTo, NatsHeaders? headers, ReadOnlyMemory<byte> data)
    {
        NatsSubject.CheckPublish(subject, nameof(subject));
        if (replyTo is not null) NatsSubject.CheckPublish(replyTo, nameof(replyTo));
        NatsSubject.CheckLength(subject, replyTo, nameof(subject));
        (Subject, ReplyTo, Data) = (subject, replyTo, data);
        Header = headers is { Count: > 0 } ? HeaderBlock.Encode(headers) : default;
    }

    public string Subject { get; }

    public string? ReplyTo { get; }

    /// <summary>The header block; empty without headers.</summary>
    public ReadOnlyMemory<byte> Header { get; }

    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>What the server counts against its limit.</summary>
    public long Size => (long)Header.Length + Data.Length;
}
