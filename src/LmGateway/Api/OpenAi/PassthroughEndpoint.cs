using LmGateway.Api.Http;
using LmGateway.Configuration;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.OpenAi;

/// <summary>Any other path below <c>/v1</c>: method, query, headers and body go on as they are, the body unheld.</summary>
internal sealed class PassthroughEndpoint(Passthrough passthrough, KeyQuotas quotas, LiveSettings settings)
{
    public async Task RunAsync(HttpContext context, string path)
    {
        var exchange = context.ToExchange(Dialect.OpenAiOther, path, settings.Current);
        using var place = passthrough.Admit(context.Call("openai"), exchange.Method);
        await using var reply = await passthrough.SendAsync(exchange, await MultipartModel.PeekAsync(context.Request), context.Grant(), context.RequestAborted);
        if (quotas.StateOf(context.Grant()) is { } left) QuotaHeaders.Write(context.Response.Headers, left);
        await ReplyRelay.WriteAsync(context, reply);
    }
}
