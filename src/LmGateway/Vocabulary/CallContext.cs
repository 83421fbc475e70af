using System.Net;

namespace LmGateway.Vocabulary;

/// <summary>How an API answers a call: written by the API as the reply begins, read by the journal.</summary>
internal sealed class CallReply
{
    private volatile int status;

    /// <summary>By the custom of HTTP; null before the reply has begun.</summary>
    public int? Status
    {
        get => status is var known and not 0 ? known : null;
        set => status = value ?? 0;
    }
}

/// <summary>Who calls, by what way, under which id. It travels with a call through every room and, later, to other nodes.</summary>
internal sealed record CallContext
{
    /// <summary>Accepted from the caller or made; the same in reply, log and events.</summary>
    public required string RequestId { get; init; }

    /// <summary>The way in: <c>openai</c>, <c>admin</c>, <c>lmstudio</c> …</summary>
    public required string Api { get; init; }

    /// <summary>Method and path of a call over HTTP, without its query; null for others.</summary>
    public string? Method { get; init; }
    public string? Path { get; init; }

    /// <summary>The name of the caller's key, or its address; never the key itself.</summary>
    public required string Caller { get; init; }

    /// <summary>Where the call came from; null where that is not known.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>What the caller's key grants; null where no key was needed.</summary>
    public KeyGrant? Grant { get; init; }

    /// <summary>What the caller was told in the end, where its API has statuses.</summary>
    public CallReply? Reply { get; init; }

    /// <summary>When the caller no longer waits; null for as long as it takes.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Nodes that the call has passed; a node refuses a call that it has seen.</summary>
    public IReadOnlyList<string> Hops { get; init; } = [];
}
