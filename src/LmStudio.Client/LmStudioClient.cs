using LmStudio.Client.Namespaces;
using LmStudio.Client.Rest;
using LmStudio.Client.Sockets;

namespace LmStudio.Client;

/// <summary>
/// LM Studio, over its WebSocket protocol. Safe for use by many callers at once: nothing connects before its first use, each
/// namespace has one connection that all requests share, and a lost connection is opened again by the next request.
/// </summary>
public sealed class LmStudioClient : IAsyncDisposable
{
    private readonly List<NamespaceSocket> sockets = [];
    private readonly HttpClient http;
    private readonly Discovery discovery;

    /// <summary>Makes a client; <see cref="ArgumentException"/> for an address or token that cannot be right.</summary>
    public LmStudioClient(LmStudioClientOptions? options = null)
    {
        options ??= new LmStudioClientOptions();
        var identity = ClientIdentity.Of(options);
        http = MakeHttpClient(options);
        discovery = new Discovery(options, http);
        var connector = new SocketConnector(options, identity, discovery);
        Llm = new LlmNamespace(Socket("llm"), options);
        Embedding = new EmbeddingNamespace(Socket("embedding"), options);
        System = new SystemNamespace(Socket("system"));
        Repository = new RepositoryNamespace(Socket("repository"), options);
        Files = new FilesNamespace(Socket("files"));
        Diagnostics = new DiagnosticsNamespace(Socket("diagnostics"));
        Runtime = new RuntimeNamespace(Socket("runtime"));
        Rest = new RestApi(new RestTransport(options, http, discovery), options);

        NamespaceSocket Socket(string name)
        {
            var socket = new NamespaceSocket(name, options, connector);
            sockets.Add(socket);
            return socket;
        }
    }

    /// <summary>Language models.</summary>
    public LlmNamespace Llm { get; }

    /// <summary>Embedding models.</summary>
    public EmbeddingNamespace Embedding { get; }

    /// <summary>The application: downloaded models, version, HTTP server.</summary>
    public SystemNamespace System { get; }

    /// <summary>Searching and downloading models.</summary>
    public RepositoryNamespace Repository { get; }

    /// <summary>Files for conversations.</summary>
    public FilesNamespace Files { get; }

    /// <summary>LM Studio's log.</summary>
    public DiagnosticsNamespace Diagnostics { get; }

    /// <summary>Engines and hardware.</summary>
    public RuntimeNamespace Runtime { get; }

    /// <summary>LM Studio's own HTTP API, for when the WebSocket is refused.</summary>
    public RestApi Rest { get; }

    /// <summary>Whether LM Studio answers: at the given address, or without one anywhere on this machine. Never throws for a server that is down.</summary>
    public async Task<bool> IsReachableAsync(CancellationToken cancellationToken = default) =>
        await discovery.FindSocketServerAsync(cancellationToken).ConfigureAwait(false) is { } address
        && await discovery.GreetsAsync(address, cancellationToken).ConfigureAwait(false);

    /// <summary>Closes every connection; what is pending fails.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var socket in sockets) await socket.DisposeAsync().ConfigureAwait(false);
        http.Dispose();
    }

    private static HttpClient MakeHttpClient(LmStudioClientOptions options)
    {
        var local = options.BaseAddress is null or { IsLoopback: true };
        var made = options.HttpHandler is { } handler
            ? new HttpClient(handler, disposeHandler: false)
            : new HttpClient(new SocketsHttpHandler { UseProxy = !local, ConnectTimeout = options.ConnectTimeout, AllowAutoRedirect = false });
        made.Timeout = Timeout.InfiniteTimeSpan;
        return made;
    }
}
