using LeanNats.Protocol;

namespace LeanNats.Transport;

/// <summary>Frames that go to the socket in one write. Used again after each write; guarded by its writer's lock.</summary>
internal sealed class Batch : IDisposable
{
    private TaskCompletionSource? written;

    public PooledBuffer Buffer { get; } = new();

    /// <summary>Completes when the frames that are in the batch now were handed to the socket; fails when they were not.</summary>
    public Task Written => (written ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Empties the batch. The result is to be called outside the lock, to tell those who wait.</summary>
    public TaskCompletionSource? Finish()
    {
        var waiting = written;
        written = null;
        Buffer.Clear();
        return waiting;
    }

    public void Dispose() => Buffer.Dispose();
}
