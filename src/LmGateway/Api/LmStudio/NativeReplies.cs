using LmGateway.Api.Http;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.LmStudio;

/// <summary>Everything of LM Studio's own API that nobody here answers, handed on; lists of models without those that the caller's key may not use.</summary>
internal sealed class NativeReplies(Passthrough passthrough, ModelFinder finder, ModelCatalog catalog, LiveSettings settings)
{
    private static readonly PathString[] Lists = ["/api/v0/models", "/api/v1/models"];

    public async Task PassOnAsync(HttpContext context, Dialect dialect)
    {
        var exchange = context.ToExchange(dialect, context.Request.Path.Value!, settings.Current) with { Verbatim = true };
        var limited = context.Grant() is { IsForSome: true } grant ? grant : null;
        if (limited is not null) await CheckAsync(context.Request.Path, limited, context.RequestAborted);
        await using var reply = await passthrough.SendAsync(exchange, model: null, limited, context.RequestAborted);
        if (limited is not null && Lists.Contains(context.Request.Path)) await WriteListAsync(context, reply, limited);
        else await ReplyRelay.WriteAsync(context, reply);
    }

    /// <summary><c>/api/v0/models/KEY</c> tells of one model.</summary>
    private async ValueTask CheckAsync(PathString path, KeyGrant grant, CancellationToken cancellationToken)
    {
        if (path.StartsWithSegments(Lists[0], StringComparison.OrdinalIgnoreCase, out var rest) && rest.Value is ['/', .. { Length: > 0 } name]) await finder.FindAsync(name, ModelType.Unknown, grant, cancellationToken);
    }

    private async Task WriteListAsync(HttpContext context, ExchangeReply reply, KeyGrant grant)
    {
        var body = await ListedModels.ReadAsync(reply, settings.Current.Limits.ReplyBytes, context.RequestAborted);
        if (reply.Status < 400) body = ListedModels.Allowed(body, catalog.Current, grant);
        context.Response.StatusCode = reply.Status;
        context.Response.ContentType = reply.ContentType;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
