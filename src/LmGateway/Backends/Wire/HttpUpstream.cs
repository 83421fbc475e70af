using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>
/// Exchanges bytes with a backend over HTTP/1.1: pooled connections, no redirects, cookies, proxies or compression. Only a connection
/// that could not be made is tried again: nothing is sent twice once the backend may have begun to work. Bodies that are held go over connections
/// of its own; TLS, and bodies that stream through, over those of the framework.
/// </summary>
internal sealed class HttpUpstream : IDisposable
{
    private const int MostAddresses = 64;

    private readonly ConcurrentDictionary<string, Uri> addresses = new(StringComparer.Ordinal);
    private readonly UpstreamSettings settings;
    private readonly TimeProvider time;
    private readonly Lazy<HttpMessageInvoker> invoker;
    private readonly Http1Pool? plain;
    private readonly AuthenticationHeaderValue? credential;
    private readonly string root;
    private int underWay;

    public HttpUpstream(UpstreamSettings settings, TimeProvider time)
    {
        this.settings = settings;
        this.time = time;
        root = settings.Address.GetLeftPart(UriPartial.Path).TrimEnd('/');
        credential = settings.Token is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
        if (settings.Address.Scheme == Uri.UriSchemeHttp) plain = new Http1Pool(settings, time);
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

    /// <summary>Sends for a caller: a refusal is thrown as what it means, unless the caller wants it as it is.</summary>
    public Task<ExchangeReply> AskAsync(Exchange exchange, CancellationToken cancellationToken) =>
        settings.MaxRetries > 0 && exchange.BodyStream is null ? AskAgainAsync(exchange, cancellationToken) : SendAsync(exchange, !exchange.Verbatim, cancellationToken);

    /// <summary>Sends once, and hands back whatever is answered: for questions that are asked again anyway.</summary>
    public Task<ExchangeReply> SendOnceAsync(Exchange exchange, CancellationToken cancellationToken) => SendAsync(exchange, refuses: false, cancellationToken);

    private async Task<ExchangeReply> AskAgainAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await SendAsync(exchange, !exchange.Verbatim, cancellationToken);
            }
            catch (GatewayException failure) when (attempt < settings.MaxRetries && IsNothingSent(failure.InnerException))
            {
                await Task.Delay(settings.RetryBackoff * (1 << attempt), time, cancellationToken);
            }
        }
    }

    /// <summary>Returns when the reply's head is there. Failures to connect, resets and time-outs are gateway errors, and refusals where they are asked for.</summary>
    private async Task<ExchangeReply> SendAsync(Exchange exchange, bool refuses, CancellationToken cancellationToken)
    {
        ExchangeReply reply;
        var limits = new ReplyLimits(time, exchange.Timeout, exchange.IdleTimeout, cancellationToken);
        var others = Interlocked.Increment(ref underWay) - 1;
        try
        {
            // A connection that would be one idle connection too many is closed by its last request.
            var closes = others >= settings.MaxIdleConnections;
            if (plain is not null && exchange.BodyStream is null)
            {
                var (connection, abort) = await plain.SendAsync(exchange, closes, limits.Token);
                reply = new Http1Reply(connection, abort, plain, limits, this);
            }
            else
            {
                using var request = Request(exchange);
                if (closes) request.Headers.ConnectionClose = true;
                reply = new HttpReply(await invoker.Value.SendAsync(request, limits.Token), limits, this);
            }
        }
        catch (Exception fault)
        {
            Release();
            limits.NoteExpiry(cancellationToken);
            limits.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            if (Failure(fault, limits, cancellationToken) is { } error) throw new GatewayException(error, fault);
            throw;
        }

        if (!refuses || reply.Status < 400) return reply;
        await using (reply) throw new GatewayException(await Refusals.ReadAsync(reply, settings.Backend, cancellationToken));
    }

    /// <summary>An exchange is over; its connection is idle or closed.</summary>
    public void Release() => Interlocked.Decrement(ref underWay);

    /// <summary>The gateway's error for a fault of this connection; null where the caller itself cancelled.</summary>
    public GatewayError? Failure(Exception fault, ReplyLimits limits, CancellationToken callers)
    {
        if (callers.IsCancellationRequested) return null;
        if (limits.Expired is { } expired)
            return Error(ErrorCode.BackendTimeout, $"timeout of {expired.TotalMilliseconds:0}ms exceeded: {settings.Program} did not answer in time. A longer limit can be set (timeouts.request, timeouts.stream, timeouts.stream_idle, chat.timeout_seconds).");
        return fault switch
        {
            GatewayException known => known.Error,
            OperationCanceledException => Error(ErrorCode.BackendUnreachable, $"Connecting to {settings.Program} at {root} took longer than {settings.ConnectTimeout.TotalMilliseconds:0} ms.") with { Reason = "No answer" },
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } refused =>
                Unreachable(Reason(refused)),
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded }
                or HttpIOException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded } =>
                Error(ErrorCode.BackendFault, $"{settings.Program} at {root} answered with something that is not HTTP."),
            _ => Error(ErrorCode.BackendUnreachable, $"{settings.Program} at {root} closed the connection before its answer was complete."),
        };
    }

    public void Dispose()
    {
        plain?.Dispose();
        if (invoker.IsValueCreated) invoker.Value.Dispose();
    }

    private static bool IsNothingSent(Exception? fault) =>
        fault is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError };

    private static string Reason(HttpRequestException fault) =>
        fault.InnerException is SocketException socket ? SocketReason(socket) : fault.HttpRequestError.ToString();

    private static string SocketReason(SocketException socket) => socket.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.TimedOut => "no answer",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "the host name is not known",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no way to that address",
        var other => other.ToString(),
    };

    private GatewayError Unreachable(string reason) =>
        Error(ErrorCode.BackendUnreachable, $"{settings.Program} cannot be reached at {root}: {reason}. Is it running, and is its server started?") with
        {
            Reason = char.ToUpperInvariant(reason[0]) + reason[1..],
        };

    private GatewayError Error(ErrorCode code, string message) => new(code, message) { Backend = settings.Backend };

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
