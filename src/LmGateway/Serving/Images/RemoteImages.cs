using System.Net;
using System.Net.Sockets;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Images;

/// <summary>How <see cref="RemoteImages"/> sees the network.</summary>
internal sealed record RemoteReach
{
    /// <summary>The addresses of a host.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Whether an address may be asked for an image.</summary>
    public Func<IPAddress, bool> Allows { get; init; } = PublicAddress.Is;
}

/// <summary>
/// Fetches images that requests name by address, from the public Internet only: whoever calls this service must not reach by it what only
/// its machine can reach. A name is resolved once for each connection, every address of it is judged, and the connection goes to one that
/// was; a redirect is a new address like any other. Nothing of the caller's is sent along.
/// </summary>
internal sealed class RemoteImages(TimeProvider time, RemoteReach reach) : IDisposable
{
    /// <summary>For all images of one request together.</summary>
    public const int MostBytes = 20 * 1024 * 1024;

    private const int MostRedirects = 5;
    private const int RequestsAtOnce = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim places = new(RequestsAtOnce);

    private readonly HttpMessageInvoker invoker = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        PooledConnectionLifetime = TimeSpan.Zero,       // so that each request passes the check
        MaxResponseHeadersLength = 16,
        ResponseDrainTimeout = TimeSpan.Zero,
        ConnectCallback = (context, cancellationToken) => ConnectAsync(reach, context.DnsEndPoint, cancellationToken),
    });

    /// <summary>The images in the same order. <see cref="ErrorCode.InvalidImage"/> names the one that cannot be had.</summary>
    /// <param name="images">Address of each, and where in the request it stands.</param>
    public async Task<IReadOnlyList<ReadOnlyMemory<byte>>> FetchAsync(IReadOnlyList<(string Address, string Path)> images, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var fetched = new List<ReadOnlyMemory<byte>>(images.Count);
        var path = images[0].Path;
        try
        {
            await places.WaitAsync(ending.Token);
            try
            {
                var left = MostBytes;
                foreach (var image in images)
                {
                    path = image.Path;
                    fetched.Add(await FetchAsync(image.Address, left, ending.Token));
                    left -= fetched[^1].Length;
                }
            }
            finally
            {
                places.Release();
            }

            return fetched;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested && ProblemOf(fault) is { } problem)
        {
            throw new GatewayException(new GatewayError(ErrorCode.InvalidImage, $"The image cannot be fetched: {problem}. Send the image itself as a data URI: data:image/png;base64,…") { Parameter = path }, fault);
        }
    }

    public void Dispose()
    {
        invoker.Dispose();
        places.Dispose();
    }

    private async Task<ReadOnlyMemory<byte>> FetchAsync(string address, int most, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri)) throw new UnfetchableException("its address is not valid");
        for (var redirects = 0; ; redirects++)
        {
            if (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps) throw new UnfetchableException("its address is neither http nor https");
            using var request = new HttpRequestMessage(HttpMethod.Get, uri);
            request.Headers.TryAddWithoutValidation("Accept", "image/png, image/jpeg, image/webp");
            request.Headers.TryAddWithoutValidation("User-Agent", "LmGateway");
            using var response = await invoker.SendAsync(request, cancellationToken);
            if (NextOf(response, uri) is not { } next) return await ReadAsync(response, most, cancellationToken);
            if (redirects == MostRedirects) throw new UnfetchableException($"it is redirected more than {MostRedirects} times");
            if (uri.Scheme == Uri.UriSchemeHttps && next.Scheme != Uri.UriSchemeHttps) throw new UnfetchableException("it is redirected from https to an address without it");
            uri = next;
        }
    }

    private static Uri? NextOf(HttpResponseMessage response, Uri uri) =>
        response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect
        && response.Headers.Location is { } location ? new Uri(uri, location) : null;

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, int most, CancellationToken cancellationToken)
    {
        if (response.StatusCode != HttpStatusCode.OK) throw new UnfetchableException($"its server answers with status {(int)response.StatusCode}");
        var tooLarge = new UnfetchableException($"the images of one request may have {MostBytes / 1024 / 1024} MiB");
        if (response.Content.Headers.ContentLength > most) throw tooLarge;
        var (bytes, buffer) = (new MemoryStream(), new byte[64 * 1024]);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        while (await body.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            if (bytes.Length + read > most) throw tooLarge;
            bytes.Write(buffer, 0, read);
        }

        var image = bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
        return ImageHeader.Read(image.Span, out _) is { } problem ? throw new UnfetchableException(problem) : image;
    }

    private static async ValueTask<Stream> ConnectAsync(RemoteReach reach, DnsEndPoint host, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(host.Host, out var literal) ? [literal] : await reach.Resolve(host.Host, cancellationToken);
        if (addresses.Length == 0 || !addresses.All(reach.Allows)) throw new UnfetchableException("its address is not on the public Internet");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, host.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>What to tell the caller; null for a defect.</summary>
    private static string? ProblemOf(Exception fault) => fault switch
    {
        UnfetchableException known => known.Message,
        HttpRequestException { InnerException: UnfetchableException known } => known.Message,
        OperationCanceledException => $"it is not there after {Limit.TotalSeconds:0} s",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "no secure connection to its server could be made",
        HttpRequestException or IOException or SocketException => "its server does not answer",
        _ => null,
    };

    private sealed class UnfetchableException(string message) : Exception(message);
}
