using LmGateway.Configuration;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>
/// Writes the answer of an inference request. A fault before the first byte is thrown, so that it gets its real status; after it, a
/// stream ends with the API's own event for it.
/// </summary>
internal sealed class AnswerWriter(InferencePipeline pipeline, GatewayOptions options, TimeProvider time)
{
    /// <summary>Names the parameters of the request that have no effect on the backend.</summary>
    private const string IgnoredHeader = "x-lmgateway-ignored-parameters";

    public Task WriteAsync(HttpContext context, PreparedInference prepared, Func<GatewayError, byte[]> failureEvent) =>
        prepared.Streamed ? StreamAsync(context, prepared, failureEvent) : WholeAsync(context, prepared);

    private async Task StreamAsync(HttpContext context, PreparedInference prepared, Func<GatewayError, byte[]> failureEvent)
    {
        await using var events = new EventStreamWriter(context, options.Scheduling, time);
        try
        {
            await using var answer = await pipeline.StartAsync(prepared, context.RequestAborted);
            if (!events.HasStarted)
            {
                TellIgnored(context, answer);
                if (!answer.Streamed) events.SetHead(answer.Status, answer.ContentType);
            }

            await foreach (var block in answer.Blocks(context.RequestAborted)) await events.WriteAsync(block);
        }
        catch (GatewayException failure) when (events.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            await events.WriteAsync(failureEvent(failure.Error));
        }
    }

    private async Task WholeAsync(HttpContext context, PreparedInference prepared)
    {
        await using var answer = await pipeline.StartAsync(prepared, context.RequestAborted);
        TellIgnored(context, answer);
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.ContentType = answer.ContentType;
        response.ContentLength = answer.Length;
        await foreach (var block in answer.Blocks(context.RequestAborted)) await response.BodyWriter.WriteAsync(block, context.RequestAborted);
    }

    private static void TellIgnored(HttpContext context, InferenceAnswer answer)
    {
        if (answer.IgnoredParameters.Count > 0) context.Response.Headers[IgnoredHeader] = string.Join(", ", answer.IgnoredParameters);
    }
}
