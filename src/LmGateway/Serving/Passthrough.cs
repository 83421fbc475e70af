using LmGateway.Backends.Wire;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>Hands a request on that no room here understands, to the backend that speaks its dialect.</summary>
internal sealed class Passthrough(ModelFinder finder, ModelCatalog catalog, Admission admission, KeyQuotas quotas, LiveSettings settings)
{
    /// <summary>
    /// What asks a backend for work has a place among the requests, until it is disposed of, and counts for its key; what only looks has none. Throws as
    /// <see cref="Admission.Enter"/> and <see cref="KeyQuotas.Admit"/> do.
    /// </summary>
    public IDisposable? Admit(CallContext call, string method)
    {
        if (method is "GET" or "HEAD") return null;
        var place = admission.Enter(call, streamed: false);
        try
        {
            quotas.Admit(call);
            return place;
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    /// <summary>Sends it to the backend of the model it names, if it names one that is known, else to the first that speaks the dialect.</summary>
    public async Task<ExchangeReply> SendAsync(Exchange exchange, string? model, KeyGrant? grant, CancellationToken cancellationToken)
    {
        var view = await BackendOfAsync(exchange.Dialect, model, grant, cancellationToken);
        var reply = await view.Backend.ExchangeAsync(exchange with { IdleTimeout = settings.Current.RequestTimeout }, cancellationToken);
        return exchange.Verbatim ? reply : await DisguisedError.UnmaskAsync(reply, view.Name, cancellationToken);
    }

    private async ValueTask<BackendView> BackendOfAsync(Dialect dialect, string? model, KeyGrant? grant, CancellationToken cancellationToken)
    {
        var speaking = catalog.Current.Backends.Where(view => view.Traits.Dialects.Contains(dialect)).ToList();
        if (speaking.Count == 0) throw new GatewayException(ErrorCode.NotSupported, "No backend here takes this kind of request.");
        if (speaking.Count == 1 || model is null) return speaking[0];
        var found = await finder.FindAsync(model, ModelType.Unknown, grant, cancellationToken);
        return found.Backend;
    }
}
