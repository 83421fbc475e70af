using LmGateway.Configuration;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>
/// Writes a stream of events, each block flushed at once. The head of the reply is held back until the first block, or until the set
/// time has passed without one; from then on silence is broken by comments, so that no proxy takes the stream for dead.
/// </summary>
internal sealed class EventStreamWriter : IAsyncDisposable
{
    private static readonly byte[] Comment = ": keep-alive\n\n"u8.ToArray();

    private readonly HttpContext context;
    private readonly SchedulingOptions options;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly CancellationTokenSource ending;
    private readonly Task silence;
    private bool headSet;
    private bool spoke;

    public EventStreamWriter(HttpContext context, SchedulingOptions options, TimeProvider time)
    {
        this.context = context;
        this.options = options;
        this.time = time;
        ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        silence = BreakSilenceAsync(ending.Token);
    }

    /// <summary>The status is out; a failure can only be told inside the stream.</summary>
    public bool HasStarted => context.Response.HasStarted;

    /// <summary>
    /// Makes the reply one that is no stream of events: nothing but its own bytes is written from here on. False where a stream has begun
    /// already.
    /// </summary>
    public async ValueTask<bool> TryBePlainAsync(int status, string contentType)
    {
        await BeQuietAsync();
        if (HasStarted) return false;
        SetHead(status, contentType);
        return true;
    }

    /// <summary>No comment is written after this.</summary>
    public async ValueTask BeQuietAsync()
    {
        await ending.CancelAsync();
        await silence;
    }

    /// <summary>Writes and flushes. Waits where the caller reads slowly.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> block)
    {
        await writing.WaitAsync(context.RequestAborted);
        try
        {
            await WriteNowAsync(block);
        }
        finally
        {
            writing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await BeQuietAsync();
        ending.Dispose();
        writing.Dispose();
    }

    private void SetHead(int status, string contentType)
    {
        headSet = true;
        context.Response.StatusCode = status;
        context.Replies(status);
        context.Response.ContentType = contentType;
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers["X-Accel-Buffering"] = "no";
    }

    private async ValueTask WriteNowAsync(ReadOnlyMemory<byte> block)
    {
        if (!headSet) SetHead(StatusCodes.Status200OK, "text/event-stream; charset=utf-8");
        spoke = true;
        await context.SendAsync(block);
    }

    private async Task BreakSilenceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(options.HoldHeadersSeconds), time, cancellationToken);
            while (true)
            {
                if (!Volatile.Read(ref spoke)) await CommentAsync(cancellationToken);
                Volatile.Write(ref spoke, false);
                await Task.Delay(TimeSpan.FromSeconds(options.KeepAliveSeconds), time, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The stream has ended, or its reader has gone.
        }
        catch (IOException)
        {
            // The reader has gone; the writer of the stream notices by itself.
        }
    }

    private async Task CommentAsync(CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            if (!cancellationToken.IsCancellationRequested) await WriteNowAsync(Comment);
        }
        finally
        {
            writing.Release();
        }
    }
}
