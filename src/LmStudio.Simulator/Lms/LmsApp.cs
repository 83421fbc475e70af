using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.WebSockets;

namespace LmStudio.Simulator.Lms;

/// <summary>The app as <c>lms</c> reaches it: its address and one connection a namespace, opened when first needed.</summary>
internal sealed class LmsApp : IDisposable
{
    private static readonly TimeSpan ProbeTime = TimeSpan.FromSeconds(5);

    private readonly string _address;
    private readonly Credentials _credentials;
    private readonly Dictionary<string, LmsSocket> _sockets = new(StringComparer.Ordinal);

    private LmsApp(string host, int port, Credentials credentials) => (_address, _credentials) = ($"{host}:{port}", credentials);

    /// <summary>The app on this machine, or the one that <c>--host</c> and <c>--port</c> name. Nothing is started.</summary>
    /// <exception cref="LmsExit">No app is there.</exception>
    public static async Task<LmsApp> FindAsync(CommandLine line, LmStudioHome home, CancellationToken cancellationToken)
    {
        if (line["host"] is null && line["port"] is null)
            return await FindLocalAsync(home, cancellationToken) ?? throw LmsExit.Error("Failed to start or connect to local LM Studio API server.");
        var (host, port) = (line["host"] ?? "127.0.0.1", Number(line["port"]) ?? 1234);
        if (!await AnswersAsync(host, port, cancellationToken))
            throw LmsExit.Error($"The server does not appear to be running at {host}:{port}. "
                + "Please make sure the server is running and accessible at the specified address.");
        return new LmsApp(host, port, LmsIdentity.Remote());
    }

    /// <summary>The app on this machine, or null.</summary>
    public static async Task<LmsApp?> FindLocalAsync(LmStudioHome home, CancellationToken cancellationToken)
    {
        if (home.ServerInfo() is not { } address) return null;
        var app = new LmsApp(address.Host, address.Port, LmsIdentity.Local);
        try
        {
            await app.SocketAsync("system", cancellationToken);
            return app;
        }
        catch (WebSocketException)
        {
            app.Dispose();
            return null;
        }
    }

    /// <summary>Does LM Studio greet there over HTTP.</summary>
    public static async Task<bool> AnswersAsync(string host, int port, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = ProbeTime };
        try
        {
            var greeting = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://{host}:{port}/lmstudio-greeting"), cancellationToken));
            return greeting?["lmstudio"]?.GetValue<bool>() ?? false;
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or TaskCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }

    public async Task<LmsSocket> SocketAsync(string @namespace, CancellationToken cancellationToken)
    {
        if (_sockets.TryGetValue(@namespace, out var open)) return open;
        return _sockets[@namespace] = await LmsSocket.OpenAsync(new Uri($"ws://{_address}/{@namespace}"), _credentials, cancellationToken);
    }

    public async Task<JsonElement> CallAsync(string @namespace, string endpoint, CancellationToken cancellationToken, JsonObject? parameter = null) =>
        await (await SocketAsync(@namespace, cancellationToken)).CallAsync(endpoint, parameter, cancellationToken);

    /// <summary>The loaded models, language models first, each with its namespace.</summary>
    public async Task<IReadOnlyList<(string Namespace, JsonElement Info)>> LoadedAsync(CancellationToken cancellationToken)
    {
        var loaded = new List<(string, JsonElement)>();
        foreach (var domain in (string[])["llm", "embedding"])
            loaded.AddRange((await CallAsync(domain, "listLoaded", cancellationToken)).EnumerateArray().Select(info => (domain, info)));
        return loaded;
    }

    public async Task<IReadOnlyList<JsonElement>> DownloadedAsync(CancellationToken cancellationToken) =>
        [.. (await CallAsync("system", "listDownloadedModels", cancellationToken)).EnumerateArray()];

    public void Dispose()
    {
        foreach (var socket in _sockets.Values) socket.Dispose();
    }

    private static int? Number(string? text) =>
        text is null ? null
        : int.TryParse(text, out var number) ? number
        : throw LmsExit.Usage($"option '--port <port>' argument '{text}' is invalid. Not a number");
}
