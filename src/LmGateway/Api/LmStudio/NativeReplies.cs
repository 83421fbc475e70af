using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.LmStudio;

/// <summary>
/// Everything of LM Studio's own API that nobody here answers, handed on; lists of models without those that the caller's key may not use. Where no
/// backend speaks LM Studio's dialect, the lists are the catalog's.
/// </summary>
internal sealed class NativeReplies(Passthrough passthrough, ModelFinder finder, ModelCatalog catalog, KeyQuotas quotas, LiveSettings settings)
{
    private static readonly PathString[] Lists = ["/api/v0/models", "/api/v1/models"];

    public async Task PassOnAsync(HttpContext context, Dialect dialect)
    {
        if (!catalog.Current.Backends.Any(view => view.Traits.Dialects.Contains(dialect)) && await TryTellAsync(context)) return;
        var exchange = context.ToExchange(dialect, context.Request.Path.Value!, settings.Current) with { Verbatim = true };
        using var place = passthrough.Admit(context.Call("lmstudio"), exchange.Method);
        var limited = context.Grant() is { IsForSome: true } grant ? grant : null;
        if (limited is not null) await CheckAsync(context.Request.Path, limited, context.RequestAborted);
        await using var reply = await passthrough.SendAsync(exchange, model: null, limited, context.RequestAborted);
        if (quotas.StateOf(context.Grant()) is { } left) QuotaHeaders.Write(context.Response.Headers, left);
        if (limited is not null && Lists.Contains(context.Request.Path)) await WriteListAsync(context, reply, limited);
        else await ReplyRelay.WriteAsync(context, reply);
    }

    private async Task<bool> TryTellAsync(HttpContext context)
    {
        var (path, grant, cancellationToken) = (context.Request.Path, context.Grant(), context.RequestAborted);
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method)) return false;
        if (Lists.Contains(path))
        {
            var seen = await finder.SeenAsync(grant, cancellationToken);
            await JsonReply.WriteAsync(context, 200, json => Write(json, seen));
            return true;
        }

        if (NameIn(path) is not { } name) return false;
        var found = await finder.FindAsync(name, ModelType.Unknown, grant, cancellationToken);
        if (found.Info is not { } model) return false;
        await JsonReply.WriteAsync(context, 200, json => NativeModels.WriteV0(json, model, catalog.Current));
        return true;

        void Write(Utf8JsonWriter json, CatalogSnapshot seen)
        {
            if (path == Lists[0]) NativeModels.WriteV0List(json, seen);
            else NativeModels.WriteV1List(json, seen);
        }
    }

    /// <summary>Of <c>/api/v0/models/KEY</c>, which tells of one model.</summary>
    private static string? NameIn(PathString path) =>
        path.StartsWithSegments(Lists[0], StringComparison.OrdinalIgnoreCase, out var rest) && rest.Value is ['/', .. { Length: > 0 } name] ? name : null;

    private async ValueTask CheckAsync(PathString path, KeyGrant grant, CancellationToken cancellationToken)
    {
        if (NameIn(path) is { } name) await finder.FindAsync(name, ModelType.Unknown, grant, cancellationToken);
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
