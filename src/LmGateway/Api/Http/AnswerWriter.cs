using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>
/// Writes the answer of an inference request. A fault before the first byte is thrown, so that it gets its real status; after it, a
/// stream ends with the API's own event for it, which is told how many events came before.
/// </summary>
internal sealed class AnswerWriter(InferencePipeline pipeline, KeyQuotas quotas, ShutdownLimit shutdown, TimeProvider time)
{
    /// <summary>Names the parameters of the request that have no effect on the backend.</summary>
    private const string IgnoredHeader = "x-lmgateway-ignored-parameters";

    /// <summary>Has the call answered with the body that was read for it, and lets go of the body.</summary>
    public async Task AnswerAsync(HttpContext context, InferenceCall call, HeldBody body, IAnswerForm form)
    {
        using var held = body;
        using var ending = shutdown.Follow(context.RequestAborted);
        try
        {
            var prepared = pipeline.Prepare(call with { Body = body.Sequence });
            form.Check(prepared);
            if (prepared.Streamed)
            {
                await StreamAsync(context, prepared, form, ending.Token);
                return;
            }

            await using var answer = await pipeline.StartAsync(prepared, ending.Token);
            Describe(context, prepared, answer);
            var response = context.Response;
            response.StatusCode = answer.Status;
            context.Replies(answer.Status);
            response.ContentType = answer.ContentType;
            response.ContentLength = answer.Length;
            if (answer is WholeAnswer whole)
            {
                await context.SendAsync(whole.Body);
                whole.Complete();
            }
            else
            {
                await foreach (var block in answer.Blocks(ending.Token)) await context.SendAsync(block);
            }
        }
        catch (Exception fault) when (FailureOf(fault, context) is { } error)
        {
            throw new GatewayException(form.Reword(error, call), fault);
        }
    }

    private async Task StreamAsync(HttpContext context, PreparedInference prepared, IAnswerForm form, CancellationToken cancellationToken)
    {
        await using var events = new EventStreamWriter(context, prepared.Settings.Scheduling, time);
        var passed = 0;
        try
        {
            await using var answer = await pipeline.StartAsync(prepared, cancellationToken);
            if (!events.HasStarted) Describe(context, prepared, answer);
            if (!answer.Streamed && !await events.TryBePlainAsync(answer.Status, answer.ContentType))
                throw new GatewayException(await answer.ReadRefusalAsync(cancellationToken));
            await foreach (var block in answer.Blocks(cancellationToken))
            {
                await events.WriteAsync(block);
                passed = answer.Events;
            }
        }
        catch (Exception fault) when (FailureOf(fault, context) is { } error)
        {
            await events.BeQuietAsync();
            if (!events.HasStarted) throw new GatewayException(error, fault);
            await events.WriteAsync(form.FailureEvent(form.Reword(error, prepared.Call), passed, context.TraceIdentifier));
        }
    }

    /// <summary>What to tell the caller; null where it has gone, or for a defect.</summary>
    private GatewayError? FailureOf(Exception fault, HttpContext context) => fault switch
    {
        _ when context.RequestAborted.IsCancellationRequested => null,
        GatewayException known => known.Error,
        OperationCanceledException when shutdown.IsOver => ShutdownLimit.Passed,
        _ => null,
    };

    private void Describe(HttpContext context, PreparedInference prepared, InferenceAnswer answer)
    {
        if (quotas.StateOf(prepared.Call.Context.Grant) is { } left) QuotaHeaders.Write(context.Response.Headers, left);
        if (prepared.Settings.Metrics.ServerTiming) context.Response.Headers["Server-Timing"] = answer.ServerTiming;
        if (answer.IgnoredParameters.Count > 0) context.Response.Headers[IgnoredHeader] = string.Join(", ", answer.IgnoredParameters);
    }
}
