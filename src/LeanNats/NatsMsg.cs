using System.Buffers;
using System.Runtime.InteropServices;

namespace LeanNats;

/// <summary>A message as it came. The payload belongs to whoever holds the message.</summary>
public readonly record struct NatsMsg
{
    /// <summary>The subject it was published on.</summary>
    public required string Subject { get; init; }

    /// <summary>Where an answer is to go.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>The headers; null without any.</summary>
    public NatsHeaders? Headers { get; init; }

    /// <summary>The payload.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The bytes of subject, reply subject, headers and payload.</summary>
    public int Size { get; init; }

    /// <summary>The connection it came over.</summary>
    public NatsConnection? Connection { get; init; }

    /// <summary>Why the message is not whole, for instance because its headers could not be read.</summary>
    public NatsException? Error { get; init; }

    /// <summary>True when the server answered that nobody subscribes to the subject.</summary>
    public bool HasNoResponders => Headers is { Code: 503 } && Data.IsEmpty;

    /// <summary>True for a message without payload, headers and status: the usual end of a stream of replies.</summary>
    public bool IsEmpty => Data.IsEmpty && Headers is null && Error is null;

    /// <summary>Throws <see cref="Error"/>, or <see cref="NatsNoRespondersException"/> for the server's answer that nobody subscribes.</summary>
    public void EnsureSuccess()
    {
        if (Error is not null) throw Error;
        if (HasNoResponders)
            throw new NatsNoRespondersException(Headers!.TryGetLastValue("Nats-Subject", out var subject) ? subject : Subject);
    }

    /// <summary>Publishes an answer to <see cref="ReplyTo"/>. Throws <see cref="InvalidOperationException"/> when none is wanted.</summary>
    public ValueTask ReplyAsync(
        ReadOnlyMemory<byte> data = default, NatsHeaders? headers = null, string? replyTo = null, CancellationToken cancellationToken = default)
    {
        if (Connection is null || string.IsNullOrEmpty(ReplyTo))
            throw new InvalidOperationException($"The message on '{Subject}' has no reply subject.");
        return Connection.PublishAsync(ReplyTo, data, headers, replyTo, cancellationToken);
    }

    /// <summary>Gives the payload of a subscription with <see cref="NatsSubOpts.PooledPayloads"/> back. It must not be used afterwards.</summary>
    internal void Recycle()
    {
        if (MemoryMarshal.TryGetArray(Data, out var array) && array.Array is { Length: > 0 } rented)
            ArrayPool<byte>.Shared.Return(rented);
    }
}
