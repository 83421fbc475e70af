namespace LeanNats.Transport;

/// <summary>A PING that waits for its PONG; with a subject, one that confirms the message before it.</summary>
internal sealed class PendingPong(string? subject = null) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
{
    private Exception? refusal;

    /// <summary>The server refused a message on that subject; the PONG will not mean yes.</summary>
    public void Refuse(string refused, Exception reason)
    {
        if (subject == refused) refusal = reason;
    }

    public void Answer()
    {
        if (refusal is null) TrySetResult();
        else TrySetException(refusal);
    }
}
