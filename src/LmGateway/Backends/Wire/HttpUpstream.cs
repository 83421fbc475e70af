using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>
/// Exchanges bytes with a backend over HTTP/1.1. Only a connection that could not be made is tried again: nothing is sent twice once the backend may have
/// begun to work. Bodies that are held go over connections of its own; TLS, and bodies that stream through, over those of the framework.
/// </summary>
internal sealed class HttpUpstream : IDisposable
{
    private readonly UpstreamSettings settings;
    private readonly TimeProvider time;
    private readonly FrameworkHttp framework;
    private readonly Http1Pool? own;

    public HttpUpstream(UpstreamSettings settings, TimeProvider time)
    {
        (this.settings, this.time) = (settings, time);
        var (faults, count) = (new UpstreamFaults(settings), new ExchangeCount(settings.MaxIdleConnections));
        framework = new FrameworkHttp(settings, faults, count, time);
        if (settings.Address.Scheme == Uri.UriSchemeHttp) own = new Http1Pool(settings, faults, count, time);
    }

    /// <summary>
    /// Sends for a caller: a refusal is thrown as what it means, unless the caller wants it as it is. Failures to connect, resets and time-outs are
    /// gateway errors.
    /// </summary>
    public Task<ExchangeReply> AskAsync(Exchange exchange, CancellationToken cancellationToken) =>
        settings.MaxRetries > 0 && exchange.BodyStream is null ? AskAgainAsync(exchange, cancellationToken) : SendAsync(exchange, !exchange.Verbatim, cancellationToken);

    /// <summary>Sends once, and hands back whatever is answered, refusals too.</summary>
    public Task<ExchangeReply> SendOnceAsync(Exchange exchange, CancellationToken cancellationToken) => SendAsync(exchange, refuses: false, cancellationToken);

    public void Dispose()
    {
        own?.Dispose();
        framework.Dispose();
    }

    private Task<ExchangeReply> SendAsync(Exchange exchange, bool refuses, CancellationToken cancellationToken) =>
        own is not null && exchange.BodyStream is null ? own.SendAsync(exchange, refuses, cancellationToken) : framework.SendAsync(exchange, refuses, cancellationToken);

    private async Task<ExchangeReply> AskAgainAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await SendAsync(exchange, !exchange.Verbatim, cancellationToken);
            }
            catch (GatewayException failure) when (attempt < settings.MaxRetries && UpstreamFaults.IsNothingSent(failure.InnerException))
            {
                await Task.Delay(settings.RetryBackoff * (1 << attempt), time, cancellationToken);
            }
        }
    }
}
