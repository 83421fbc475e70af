using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>What a connection to a backend's HTTP server needs to know.</summary>
internal sealed record UpstreamSettings
{
    /// <summary>The backend's name, for messages.</summary>
    public required string Backend { get; init; }

    /// <summary>What people call the program, for messages: <c>LM Studio</c>.</summary>
    public required string Program { get; init; }

    public required Uri Address { get; init; }
    public required TimeSpan ConnectTimeout { get; init; }
    public TimeSpan IdleConnectionTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The backend's own credential, sent as a bearer token.</summary>
    public string? Token { get; init; }
}

/// <summary>
/// Exchanges bytes with a backend over HTTP/1.1: pooled connections, no redirects, cookies, proxies or compression, nothing sent
/// twice once the backend may have begun to work.
/// </summary>
internal sealed class HttpUpstream : IDisposable
{
    private readonly UpstreamSettings settings;
    private readonly TimeProvider time;
    private readonly HttpMessageInvoker invoker;
    private readonly AuthenticationHeaderValue? credential;
    private readonly string root;

    public HttpUpstream(UpstreamSettings settings, TimeProvider time)
    {
        this.settings = settings;
        this.time = time;
        root = settings.Address.GetLeftPart(UriPartial.Path).TrimEnd('/');
        credential = settings.Token is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
        invoker = new HttpMessageInvoker(new SocketsHttpHandler
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
        });
    }

    /// <summary>Sends and returns when the reply's head is there. Failures to connect, resets and time-outs are gateway errors.</summary>
    public async Task<ExchangeReply> SendAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        var limits = new ReplyLimits(time, exchange.Timeout, exchange.IdleTimeout, cancellationToken);
        try
        {
            using var request = Request(exchange);
            var response = await invoker.SendAsync(request, limits.Token);
            return new HttpReply(response, limits, this);
        }
        catch (Exception fault)
        {
            limits.NoteExpiry(cancellationToken);
            limits.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            if (Failure(fault, limits, cancellationToken) is { } error) throw new GatewayException(error, fault);
            throw;
        }
    }

    /// <summary>The gateway's error for a fault of this connection; null where the caller itself cancelled.</summary>
    public GatewayError? Failure(Exception fault, ReplyLimits limits, CancellationToken callers)
    {
        if (callers.IsCancellationRequested) return null;
        if (limits.Expired is { } expired)
            return Error(ErrorCode.BackendTimeout, $"timeout of {expired.TotalMilliseconds:0}ms exceeded: {settings.Program} did not answer in time. A longer limit can be set (timeouts.request, timeouts.stream, timeouts.stream_idle).");
        return fault switch
        {
            GatewayException known => known.Error,
            OperationCanceledException => Error(ErrorCode.BackendUnreachable, $"Connecting to {settings.Program} at {root} took longer than {settings.ConnectTimeout.TotalMilliseconds:0} ms."),
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } refused =>
                Error(ErrorCode.BackendUnreachable, $"{settings.Program} cannot be reached at {root}: {Reason(refused)}. Is it running, and is its server started?"),
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded }
                or HttpIOException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded } =>
                Error(ErrorCode.BackendFault, $"{settings.Program} at {root} answered with something that is not HTTP."),
            _ => Error(ErrorCode.BackendUnreachable, $"{settings.Program} at {root} closed the connection before its answer was complete."),
        };
    }

    public void Dispose() => invoker.Dispose();

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

    private GatewayError Error(ErrorCode code, string message) => new(code, message) { Backend = settings.Backend };

    private HttpRequestMessage Request(Exchange exchange)
    {
        var request = new HttpRequestMessage(new HttpMethod(exchange.Method), root + exchange.PathAndQuery)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = Content(exchange),
        };
        foreach (var header in exchange.Headers)
            if (!request.Headers.TryAddWithoutValidation(header.Name, header.Value)) request.Content?.Headers.TryAddWithoutValidation(header.Name, header.Value);
        if (credential is not null && request.Headers.Authorization is null) request.Headers.Authorization = credential;
        return request;
    }

    private static HttpContent? Content(Exchange exchange)
    {
        HttpContent? content = exchange.BodyStream is { } stream ? new StreamContent(stream, 64 * 1024)
            : exchange.Body.IsEmpty ? null : new SequenceContent(exchange.Body);
        if (content is not null && exchange.ContentType is { } type) content.Headers.TryAddWithoutValidation("Content-Type", type);
        return content;
    }
}
