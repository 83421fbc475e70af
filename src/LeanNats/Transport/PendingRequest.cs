namespace LeanNats.Transport;

/// <summary>What a request asks, how long it waits, and, if it must not go out on any other, over which connection.</summary>
internal readonly record struct RequestTerms(
    string Subject, ReadOnlyMemory<byte> Data, NatsHeaders? Headers = null, TimeSpan? Timeout = null, SessionWriter? Only = null);

/// <summary>A request that waits for its reply.</summary>
internal sealed class PendingRequest(string subject) : TaskCompletionSource<NatsMsg>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public string Subject => subject;

    /// <summary>The connection it went out on; null before. Its loss fails the request.</summary>
    public SessionWriter? Writer { get; set; }
}
