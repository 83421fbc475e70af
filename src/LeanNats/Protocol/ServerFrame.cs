using System.Buffers;

namespace LeanNats.Protocol;

/// <summary>What a server can say.</summary>
internal enum ServerVerb
{
    Info,
    Msg,
    Ping,
    Pong,
    Ok,
    Error,
}

/// <summary>One frame of a server. Its parts lie in the buffer it was read from and are gone when that buffer is.</summary>
internal readonly ref struct ServerFrame
{
    public ServerVerb Verb { get; init; }

    /// <summary>The JSON of INFO, or the words of -ERR without their quotes.</summary>
    public ReadOnlySpan<byte> Text { get; init; }

    public ReadOnlySpan<byte> Subject { get; init; }

    /// <summary>Empty when no reply is wanted.</summary>
    public ReadOnlySpan<byte> ReplyTo { get; init; }

    public long Sid { get; init; }

    /// <summary>How much of <see cref="Payload"/> is the header block; 0 for a message without headers.</summary>
    public int HeaderLength { get; init; }

    /// <summary>Headers and data.</summary>
    public ReadOnlySequence<byte> Payload { get; init; }
}
