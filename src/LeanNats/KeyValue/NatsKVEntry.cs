using LeanNats.JetStream.Models;

namespace LeanNats.KeyValue;

/// <summary>What happened to a key.</summary>
public enum NatsKVOperation
{
    /// <summary>It has a value.</summary>
    Put,

    /// <summary>It was deleted; older values may still be in its history.</summary>
    Del,

    /// <summary>It was deleted with its history, or it expired.</summary>
    Purge,
}

/// <summary>A key's value, or its deletion, at one revision.</summary>
public sealed record NatsKVEntry
{
    /// <summary>The bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>The key.</summary>
    public required string Key { get; init; }

    /// <summary>The value; empty for a deletion.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>The number of this change in the bucket.</summary>
    public required ulong Revision { get; init; }

    /// <summary>How many further entries were there when a watch delivered this one.</summary>
    public ulong Delta { get; init; }

    /// <summary>When it was stored.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>What happened.</summary>
    public NatsKVOperation Operation { get; init; }

    /// <summary>Deletions are headers; a server from 2.11 on also says why it removed a value by itself.</summary>
    internal static NatsKVOperation OperationOf(NatsHeaders? headers)
    {
        if (headers is null) return NatsKVOperation.Put;
        if (headers.TryGetLastValue("KV-Operation", out var operation))
            return operation switch { "DEL" => NatsKVOperation.Del, "PURGE" => NatsKVOperation.Purge, _ => NatsKVOperation.Put };
        if (!headers.TryGetLastValue("Nats-Marker-Reason", out var reason)) return NatsKVOperation.Put;
        return reason switch { "MaxAge" or "Purge" => NatsKVOperation.Purge, "Remove" => NatsKVOperation.Del, _ => NatsKVOperation.Put };
    }
}

/// <summary>A bucket's settings and what it holds.</summary>
public sealed record NatsKVStatus
{
    /// <summary>The bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>Values and deletions, history included.</summary>
    public required ulong Values { get; init; }

    /// <summary>The bytes it takes.</summary>
    public required ulong Bytes { get; init; }

    /// <summary>How many values of each key are kept.</summary>
    public required long History { get; init; }

    /// <summary>Values older than this go; zero keeps them.</summary>
    public required TimeSpan MaxAge { get; init; }

    /// <summary>How long a marker stays behind a key that has expired; null without markers.</summary>
    public TimeSpan? LimitMarkerTTL { get; init; }

    /// <summary>The stream that is the bucket.</summary>
    public required StreamInfo Info { get; init; }
}
