using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using LmGateway.Api.Mcp.Http;
using LmGateway.Api.Mcp.Tools;
using LmGateway.Configuration;

namespace LmGateway.Api.Mcp.Stdio;

/// <summary>
/// Carries messages between standard input and output and a running service: each line is a POST, and what comes back are lines. A cancel
/// ends the POST, which ends what the service does for it.
/// </summary>
internal sealed class ServiceBridge : IDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(1);

    /// <summary>A service that has taken the connection may be busy.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    private readonly HttpClient http;
    private readonly string session;
    private readonly ConcurrentDictionary<string, CancellationTokenSource> underWay = new(StringComparer.Ordinal);
    private volatile string? negotiated;

    private ServiceBridge(HttpClient http, string session) => (this.http, this.session) = (http, session);

    public Uri Address => http.BaseAddress!;

    /// <summary>The service at the address, or why there is none to use.</summary>
    public static async Task<(ServiceBridge? Bridge, string Why)> FindAsync(Uri address, string? key, GatewayOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!await IsOpenAsync(address.DnsSafeHost, address.Port, time, cancellationToken)) return (null, $"no service answers at {address}");
        var client = new HttpClient(new SocketsHttpHandler { ConnectTimeout = ConnectLimit, UseProxy = false, ResponseDrainTimeout = TimeSpan.Zero })
        {
            BaseAddress = address,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (key is not null) client.DefaultRequestHeaders.Add("X-API-Key", key);
        var bridge = new ServiceBridge(client, SessionSettings.Write(ToolSettings.Of(options) with { WorkingFolder = Environment.CurrentDirectory }));
        try
        {
            using var patience = new CancellationTokenSource(AnswerLimit, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
            if (await bridge.AnswersAsync(either.Token)) return (bridge, "");
            bridge.Dispose();
            return (null, $"what answers at {client.BaseAddress} is no LmGateway that this client may use");
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException || (gone is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            bridge.Dispose();
            return (null, $"no service answers at {client.BaseAddress}");
        }
    }

    /// <summary>Until the client closes its end; what is under way then is ended.</summary>
    public async Task RunAsync(Stream input, Stream output, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var lines = new LineOutput(output);
        var sends = new List<Task>();
        using var reader = new StreamReader(input, new UTF8Encoding(false));
        try
        {
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                if (string.IsNullOrWhiteSpace(line)) continue;
                sends.RemoveAll(sent => sent.IsCompleted);
                sends.Add(HandleAsync(line, lines, ending.Token));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to end by a signal instead of by its client.
        }

        await ending.CancelAsync();
        await Task.WhenAll(sends);
    }

    public void Dispose() => http.Dispose();

    /// <summary>Asked first, because it costs a client that has no service next to nothing.</summary>
    private static async Task<bool> IsOpenAsync(string host, int port, TimeProvider time, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(ConnectLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(host, port, either.Token);
            return true;
        }
        catch (Exception closed) when (closed is SocketException || (closed is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        var probe = BridgedMessage.Read($$"""{"jsonrpc":"2.0","id":0,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"{{McpVersions.Stateless}}","io.modelcontextprotocol/clientCapabilities":{} } } }""")!;
        using var response = await SendAsync(probe, cancellationToken);
        return response.IsSuccessStatusCode && (await response.Content.ReadAsStringAsync(cancellationToken)).Contains($"\"name\":\"{McpServers.ServerName}\"", StringComparison.Ordinal);
    }

    private async Task HandleAsync(string line, LineOutput lines, CancellationToken cancellationToken)
    {
        if (BridgedMessage.Read(line) is not { } message)
        {
            await lines.WriteAsync("""{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error: the line is no JSON-RPC message."}}""");
            return;
        }

        if (message.Cancels is { } cancelled)
        {
            if (underWay.TryGetValue(cancelled, out var request)) await request.CancelAsync();
            return;
        }

        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (message.Id is { } id) underWay[id] = leaving;
        try
        {
            await ForwardAsync(message, lines, leaving.Token);
        }
        catch (OperationCanceledException)
        {
            // Nobody waits for the answer.
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            if (message.Id is not null) await lines.WriteAsync(message.Error($"The service at {Address} does not answer: {fault.Message} Start it again, or restart this MCP server."));
        }
        finally
        {
            if (message.Id is { } done) underWay.TryRemove(done, out _);
        }
    }

    private async Task ForwardAsync(BridgedMessage message, LineOutput lines, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(message, cancellationToken);
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (message.Id is null) return;
            await lines.WriteAsync(BridgedMessage.IsAnswer(text) ? text : message.Error($"The service answered with the status {(int)response.StatusCode}."));
            return;
        }

        var answered = false;
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
        {
            if (item.Data.Length == 0) continue;
            answered |= BridgedMessage.IsAnswer(item.Data);
            if (message.IsInitialize) negotiated = BridgedMessage.NegotiatedVersion(item.Data) ?? negotiated;
            await lines.WriteAsync(item.Data);
        }

        if (!answered && message.Id is not null) await lines.WriteAsync(message.Error("The service ended before it answered. Call again."));
    }

    private async Task<HttpResponseMessage> SendAsync(BridgedMessage message, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(McpEndpoint.Path.TrimStart('/'), UriKind.Relative)) { Content = new StringContent(message.Text, new UTF8Encoding(false), new MediaTypeHeaderValue("application/json")) };
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        request.Headers.Add(SessionSettings.Header, session);
        foreach (var (name, value) in message.Headers(negotiated)) request.Headers.TryAddWithoutValidation(name, value);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>Whole lines, one at a time.</summary>
    private sealed class LineOutput(Stream output) : IDisposable
    {
        private readonly SemaphoreSlim turn = new(1, 1);

        public void Dispose() => turn.Dispose();

        public async Task WriteAsync(string line)
        {
            await turn.WaitAsync();
            try
            {
                await output.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));
                await output.FlushAsync();
            }
            catch (IOException)
            {
                // The client has closed its end; the end of its input follows.
            }
            finally
            {
                turn.Release();
            }
        }
    }
}
