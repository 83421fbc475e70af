using System.Buffers;
using System.IO.Pipelines;
using LmGateway.Configuration;
using LmGateway.Observability.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.Http;

/// <summary>Gives up on a caller who does not take its reply, so that it holds nothing of the service for ever.</summary>
internal sealed class SlowReaders(LiveSettings settings, RefusalFigures refusals, TimeProvider time)
{
    /// <summary>Waits for a write to be taken. Past the limit the connection is cut, which ends everything that the request holds.</summary>
    public async ValueTask WaitAsync(HttpContext context, ValueTask<FlushResult> write)
    {
        try
        {
            await write.AsTask().WaitAsync(settings.Current.Limits.WriteTimeout, time, context.RequestAborted);
        }
        catch (TimeoutException late)
        {
            refusals.NoteCut("limits.write_seconds");
            context.Abort();

            // The server cancels the request in its own time; from then on everyone sees a caller that has gone, and nobody a defect.
            await Task.Delay(Timeout.InfiniteTimeSpan, time, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new OperationCanceledException("The caller did not take its reply.", late, context.RequestAborted);
        }
    }
}

internal static class ReplyWrites
{
    private const int SentTogether = 16 * 1024;

    /// <summary>Writes and flushes. Waits where the caller reads slowly, within the limit of <see cref="SlowReaders"/>.</summary>
    public static ValueTask SendAsync(this HttpContext context, ReadOnlyMemory<byte> block) => Within(context, context.Response.BodyWriter.WriteAsync(block, context.RequestAborted));

    /// <summary>Writes and flushes a whole reply, however many pieces it is in: small ones go out together, but no more wait than a few.</summary>
    public static ValueTask SendAsync(this HttpContext context, in ReadOnlySequence<byte> whole) => whole.IsSingleSegment ? context.SendAsync(whole.First) : SendPiecesAsync(context, whole);

    /// <summary>Flushes what was written, in the same way.</summary>
    public static ValueTask FlushAsync(this HttpContext context) => Within(context, context.Response.BodyWriter.FlushAsync(context.RequestAborted));

    private static async ValueTask SendPiecesAsync(HttpContext context, ReadOnlySequence<byte> whole)
    {
        var waiting = 0;
        foreach (var piece in whole)
        {
            context.Response.BodyWriter.Write(piece.Span);
            waiting += piece.Length;
            if (waiting < SentTogether) continue;
            await context.FlushAsync();
            waiting = 0;
        }

        if (waiting > 0) await context.FlushAsync();
    }

    private static ValueTask Within(HttpContext context, ValueTask<FlushResult> write)
    {
        if (!write.IsCompletedSuccessfully) return context.RequestServices.GetRequiredService<SlowReaders>().WaitAsync(context, write);
        write.GetAwaiter().GetResult();
        return ValueTask.CompletedTask;
    }
}
