using System.Collections.Concurrent;

namespace LmGateway.Api.Http;

/// <summary>
/// The token of one request, which ends with its caller's, and when the service's time to stop is over. Disposing it, when nothing uses the token any
/// more, gives the source back for another request.
/// </summary>
internal sealed class RequestEnding(RequestEndings all) : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private CancellationTokenRegistration callers;

    public CancellationToken Token => source.Token;

    public void Begin(CancellationToken caller) => callers = caller.UnsafeRegister(static state => ((RequestEnding)state!).Cancel(), this);

    public void Cancel()
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It was cancelled and has ended meanwhile.
        }
    }

    public void Dispose()
    {
        callers.Dispose();
        if (source.TryReset())
        {
            all.Return(this);
            return;
        }

        all.Forget(this);
        source.Dispose();
    }
}

/// <summary>The endings of all requests, so that one word ends them, and none of them has to ask for it in a place that all of them share.</summary>
internal sealed class RequestEndings
{
    private readonly ConcurrentDictionary<RequestEnding, bool> all = new();
    private readonly ConcurrentQueue<RequestEnding> idle = new();
    private volatile bool isOver;

    /// <summary>For a request that begins; one that begins after <see cref="EndAll"/> has ended.</summary>
    public RequestEnding Begin(CancellationToken caller)
    {
        if (!idle.TryDequeue(out var ending)) all.TryAdd(ending = new RequestEnding(this), value: true);
        ending.Begin(caller);
        if (isOver) ending.Cancel();
        return ending;
    }

    public void EndAll()
    {
        isOver = true;
        foreach (var ending in all.Keys) ending.Cancel();
    }

    internal void Return(RequestEnding ending) => idle.Enqueue(ending);

    internal void Forget(RequestEnding ending) => all.TryRemove(ending, out _);
}
