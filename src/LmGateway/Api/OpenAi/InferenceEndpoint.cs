using LmGateway.Api.Http;
using LmGateway.Configuration;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.OpenAi;

/// <summary>Runs one inference request: holds its body and has it answered.</summary>
internal sealed class InferenceEndpoint(AnswerWriter writer, BodyBudget budget, LiveSettings settings)
{
    public Task RunAsync(HttpContext context, InferenceRoute route)
    {
        if (route.IsAnthropic) context.Response.Headers["request-id"] = context.TraceIdentifier;
        var reading = HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        return reading.IsCompletedSuccessfully ? AnswerAsync(context, route, reading.Result) : WaitAsync(context, route, reading);
    }

    private async Task WaitAsync(HttpContext context, InferenceRoute route, ValueTask<HeldBody> reading) => await AnswerAsync(context, route, await reading);

    private Task AnswerAsync(HttpContext context, InferenceRoute route, HeldBody body)
    {
        var options = settings.Current;
        var call = new InferenceCall
        {
            Context = context.Call("openai"),
            Dialect = route.Dialect,
            PathAndQuery = context.Request.QueryString.HasValue ? route.UpstreamPath + context.Request.QueryString : route.UpstreamPath,
            Body = body.Sequence,
            Headers = context.HeadersToPass(options),
            Wanted = route.Wanted,
            IsUnderContract = route.Dialect == Dialect.OpenAiChat && options.Inference.IsProviderContract,
        };
        return writer.AnswerAsync(context, call, body, route);
    }
}
