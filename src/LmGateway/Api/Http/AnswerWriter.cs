using LmGateway.Configuration;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>
/// Writes the answer of an inference request. A fault before the first byte is thrown, so that it gets its real status; after it, a
/// stream ends with the API's own event for it, which is told how many events came before.
/// </summary>
internal sealed class AnswerWriter(InferencePipeline pipeline, GatewayOptions options, TimeProvider time)
{
    public Task WriteAsync(HttpContext context, PreparedInference prepared, Func<GatewayError, int, byte[]> failureEvent) =>
        prepared.Streamed ? StreamAsync(context, prepared, failureEvent) : WholeAsync(context, prepared);

    private async Task StreamAsync(HttpContext context, PreparedInference prepared, Func<GatewayError, int, byte[]> failureEvent)
    {
        await using var events = new EventStreamWriter(context, options.Scheduling, time);
        var passed = 0;
        try
        {
            await using var answer = await pipeline.StartAsync(prepared, context.RequestAborted);
            if (!answer.Streamed && !events.HasStarted)
            {
                events.SetHead(answer.Status, answer.ContentType);
            }

            await foreach (var block in answer.Blocks(context.RequestAborted))
            {
                await events.WriteAsync(block);
                passed = answer.Events;
            }
        }
        catch (GatewayException failure) when (events.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            await events.WriteAsync(failureEvent(failure.Error, passed));
        }
    }

    private async Task WholeAsync(HttpContext context, PreparedInference prepared)
    {
        await using var answer = await pipeline.StartAsync(prepared, context.RequestAborted);
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.ContentType = answer.ContentType;
        response.ContentLength = answer.Length;
        await foreach (var block in answer.Blocks(context.RequestAborted)) await response.BodyWriter.WriteAsync(block, context.RequestAborted);
    }
}
