namespace LeanNats.Protocol;

/// <summary>Writes the frames of a client. The caller has checked subjects and sizes.</summary>
internal static class FrameWriter
{
    public static void Publish(PooledBuffer buffer, in OutgoingMessage message)
    {
        var headerLength = message.Header.Length;
        buffer.Write(headerLength > 0 ? "HPUB "u8 : "PUB "u8);
        buffer.WriteText(message.Subject);
        buffer.Write(" "u8);
        if (message.ReplyTo is { } replyTo)
        {
            buffer.WriteText(replyTo);
            buffer.Write(" "u8);
        }

        if (headerLength > 0)
        {
            buffer.WriteNumber(headerLength);
            buffer.Write(" "u8);
        }

        buffer.WriteNumber(message.Size);
        buffer.Write("\r\n"u8);
        buffer.Write(message.Header.Span);
        buffer.Write(message.Data.Span);
        buffer.Write("\r\n"u8);
    }

    public static void Subscribe(PooledBuffer buffer, long sid, string subject, string? queueGroup)
    {
        buffer.Write("SUB "u8);
        buffer.WriteText(subject);
        buffer.Write(" "u8);
        if (queueGroup is not null)
        {
            buffer.WriteText(queueGroup);
            buffer.Write(" "u8);
        }

        buffer.WriteNumber(sid);
        buffer.Write("\r\n"u8);
    }

    /// <summary>With a number, the subscription ends on the server after so many messages.</summary>
    public static void Unsubscribe(PooledBuffer buffer, long sid, int? maxMsgs)
    {
        buffer.Write("UNSUB "u8);
        buffer.WriteNumber(sid);
        if (maxMsgs is { } max)
        {
            buffer.Write(" "u8);
            buffer.WriteNumber(max);
        }

        buffer.Write("\r\n"u8);
    }

    public static void Ping(PooledBuffer buffer) => buffer.Write("PING\r\n"u8);

    public static void Pong(PooledBuffer buffer) => buffer.Write("PONG\r\n"u8);

    public static void Connect(PooledBuffer buffer, ReadOnlySpan<byte> json)
    {
        buffer.Write("CONNECT "u8);
        buffer.Write(json);
        buffer.Write("\r\n"u8);
    }
}
