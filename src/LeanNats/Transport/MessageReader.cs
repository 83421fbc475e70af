using System.Buffers;
using System.Text;
using LeanNats.Protocol;

namespace LeanNats.Transport;

/// <summary>Copies a message out of the reading buffer.</summary>
internal static class MessageReader
{
    /// <summary><paramref name="usual"/> is the subject most messages of the subscription have; it saves making the text again.</summary>
    public static NatsMsg Read(in ServerFrame frame, NatsConnection connection, SubjectText? usual, bool pooled)
    {
        var (headers, error) = ReadHeaders(frame);
        var body = frame.Payload.Slice(frame.HeaderLength);
        return new NatsMsg
        {
            Subject = usual is not null && frame.Subject.SequenceEqual(usual.Bytes) ? usual.Text : Encoding.UTF8.GetString(frame.Subject),
            ReplyTo = frame.ReplyTo.IsEmpty ? null : Encoding.UTF8.GetString(frame.ReplyTo),
            Headers = headers,
            Error = error,
            Data = Copy(body, pooled),
            Size = frame.Subject.Length + frame.ReplyTo.Length + (int)frame.Payload.Length,
            Connection = connection,
        };
    }

    private static ReadOnlyMemory<byte> Copy(in ReadOnlySequence<byte> body, bool pooled)
    {
        if (body.IsEmpty) return default;
        var length = (int)body.Length;
        var array = pooled ? ArrayPool<byte>.Shared.Rent(length) : GC.AllocateUninitializedArray<byte>(length);
        body.CopyTo(array);
        return array.AsMemory(0, length);
    }

    private static (NatsHeaders? Headers, NatsException? Error) ReadHeaders(in ServerFrame frame)
    {
        if (frame.HeaderLength == 0) return default;
        var block = frame.Payload.Slice(0, frame.HeaderLength);
        try
        {
            return (HeaderBlock.Parse(block.IsSingleSegment ? block.FirstSpan : block.ToArray()), null);
        }
        catch (NatsHeaderParseException e)
        {
            return (null, e);
        }
    }
}

/// <summary>A subject and its bytes.</summary>
internal sealed record SubjectText(string Text)
{
    public byte[] Bytes { get; } = Encoding.UTF8.GetBytes(Text);
}
