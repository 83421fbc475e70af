using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>Exchanges over the framework's handler, for TLS and for bodies that stream through: no redirects, cookies, proxies or compression.</summary>
internal sealed class FrameworkHttp : IDisposable
{
    private const int MostAddresses = 64;

    private readonly ConcurrentDictionary<string, Uri> addresses = new(StringComparer.Ordinal);
    private readonly UpstreamSettings settings;
    private readonly UpstreamFaults faults;
    private readonly ExchangeCount count;
    private readonly TimeProvider time;
    private readonly Lazy<HttpMessageInvoker> invoker;
    private readonly AuthenticationHeaderValue? credential;
    private readonly string root;

    public FrameworkHttp(UpstreamSettings settings, UpstreamFaults faults, ExchangeCount count, TimeProvider time)
    {
        (this.settings, this.faults, this.count, this.time) = (settings, faults, count, time);
        root = settings.Address.GetLeftPart(UriPartial.Path).TrimEnd('/');
        credential = settings.Token is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
        invoker = new Lazy<HttpMessageInvoker>(() => new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = settings.ConnectTimeout,
            PooledConnectionIdleTimeout = settings.IdleConnectionTimeout,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            ResponseDrainTimeout = TimeSpan.Zero,       // a reply that is given up ends in the backend at once
        }));
    }

    /// <summary>Returns when the reply's head is there. A refusal is thrown where that is asked for.</summary>
    public async Task<ExchangeReply> SendAsync(Exchange exchange, bool refuses, CancellationToken cancellationToken)
    {
        var closes = count.Enter();
        var limits = new ReplyLimits(time, exchange, cancellationToken);
        HttpReply reply;
        try
        {
            using var request = Request(exchange);
            if (closes) request.Headers.ConnectionClose = true;
            reply = new HttpReply(await invoker.Value.SendAsync(request, limits.Token), limits, faults, count);
        }
        catch (Exception fault)
        {
            count.Leave();
            limits.Dispose();
            throw faults.Of(fault, limits.Expired, cancellationToken);
        }

        return refuses && reply.Status >= 400 ? throw await Refusals.TakeAsync(reply, settings.Backend, cancellationToken) : reply;
    }

    public void Dispose()
    {
        if (invoker.IsValueCreated) invoker.Value.Dispose();
    }

    private HttpRequestMessage Request(Exchange exchange)
    {
        var request = new HttpRequestMessage(HttpMethod.Parse(exchange.Method), Address(exchange.PathAndQuery))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = Content(exchange),
        };
        foreach (var header in exchange.Headers)
            if (!request.Headers.TryAddWithoutValidation(header.Name, header.Value)) request.Content?.Headers.TryAddWithoutValidation(header.Name, header.Value);
        foreach (var header in settings.Headers) request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        if (credential is not null && request.Headers.Authorization is null) request.Headers.Authorization = credential;
        return request;
    }

    /// <summary>Requests go to few paths: their addresses are read once.</summary>
    private Uri Address(string pathAndQuery)
    {
        if (addresses.TryGetValue(pathAndQuery, out var known)) return known;
        var address = new Uri(root + pathAndQuery);
        if (addresses.Count < MostAddresses) addresses.TryAdd(pathAndQuery, address);
        return address;
    }

    private static HttpContent? Content(Exchange exchange)
    {
        HttpContent? content = exchange.BodyStream is { } stream ? new StreamContent(stream, 64 * 1024)
            : exchange.Body.IsEmpty ? null : new SequenceContent(exchange.Body);
        if (content is not null && exchange.ContentType is { } type) content.Headers.TryAddWithoutValidation("Content-Type", type);
        return content;
    }
}
