namespace LeanNats.Transport;

/// <summary>A request that waits for its reply.</summary>
internal sealed class PendingRequest(string subject) : TaskCompletionSource<NatsMsg>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public string Subject => subject;

    /// <summary>The connection it went out on; null before. Its loss fails the request.</summary>
    public SessionWriter? Writer { get; set; }
}
