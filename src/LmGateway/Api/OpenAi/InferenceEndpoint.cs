using LmGateway.Api.Http;
using LmGateway.Configuration;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.OpenAi;

/// <summary>Runs one inference request: holds its body, hands it to Serving, and writes the reply as it comes.</summary>
internal sealed class InferenceEndpoint(InferencePipeline pipeline, AnswerWriter writer, BodyBudget budget, LiveSettings settings)
{
    public async Task RunAsync(HttpContext context, InferenceRoute route)
    {
        if (route.IsAnthropic) context.Response.Headers["request-id"] = context.TraceIdentifier;
        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var call = new InferenceCall
        {
            Context = context.Call("openai"),
            Dialect = route.Dialect,
            PathAndQuery = route.UpstreamPath + context.Request.QueryString,
            Body = body.Sequence,
            Headers = context.HeadersToPass(settings.Current),
            Wanted = route.Wanted,
            IsUnderContract = route.Dialect == Dialect.OpenAiChat && settings.Current.Inference.IsProviderContract,
        };
        try
        {
            var prepared = pipeline.Prepare(call);
            await writer.WriteAsync(context, prepared, (error, passed) => route.FailureEvent(call.IsUnderContract ? ContractErrors.Reword(error) : error, passed, context.TraceIdentifier));
        }
        catch (GatewayException failure) when (call.IsUnderContract)
        {
            throw new GatewayException(ContractErrors.Reword(failure.Error), failure);
        }
    }
}
