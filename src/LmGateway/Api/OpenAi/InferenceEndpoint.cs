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
        var options = settings.Current;
        var call = new InferenceCall
        {
            Context = context.Call("openai"),
            Dialect = route.Dialect,
            PathAndQuery = context.Request.QueryString.HasValue ? route.UpstreamPath + context.Request.QueryString : route.UpstreamPath,
            Headers = context.HeadersToPass(options),
            Wanted = route.Wanted,
            IsUnderContract = route.Dialect == Dialect.OpenAiChat && options.Inference.IsProviderContract,
        };
        var reading = HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        return reading.IsCompletedSuccessfully ? writer.AnswerAsync(context, call, reading.Result, route) : WaitAsync(context, call, reading, route);
    }

    private async Task WaitAsync(HttpContext context, InferenceCall call, ValueTask<HeldBody> reading, InferenceRoute route) => await writer.AnswerAsync(context, call, await reading, route);
}
