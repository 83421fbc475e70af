using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace LmGateway.Bench.Rig;

/// <summary>The few requests that the rig itself makes. One connection each, so that nothing is kept between them.</summary>
internal static class Http
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>How a server answers the question whether it is ready.</summary>
    public static async Task<int> StatusAsync(ServerPlan plan) =>
        (await AskAsync(plan.Port, Request(plan.ReadyBody is null ? "GET" : "POST", plan.ReadyPath, plan.Headers, plan.ReadyBody ?? ""))).Status;

    public static async Task<string> GetTextAsync(int port, string path, params IReadOnlyList<string> headers) => await TextAsync(port, Request("GET", path, headers, body: ""));

    public static async Task<JsonElement> GetAsync(int port, string path, params IReadOnlyList<string> headers) => Json(await GetTextAsync(port, path, headers));

    public static async Task<JsonElement> PostAsync(int port, string path, string body, params IReadOnlyList<string> headers) => Json(await TextAsync(port, Request("POST", path, headers, body)));

    /// <summary>A connection on which the request was sent and the first bytes of the answer have come.</summary>
    public static async Task<Socket> OpenAsync(int port, string path, string body, params IReadOnlyList<string> headers)
    {
        var socket = await SendAsync(port, Request("POST", path, headers, body));
        var buffer = new byte[4096];
        if (await socket.ReceiveAsync(buffer) > 0) return socket;
        socket.Dispose();
        throw new IOException($"{path} closed the connection without an answer.");
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private static async Task<string> TextAsync(int port, string request)
    {
        var (status, body) = await AskAsync(port, request);
        return status == 200 ? body : throw new IOException($"{request.Split('\r')[0]} was answered with {status}: {body}");
    }

    private static async Task<(int Status, string Body)> AskAsync(int port, string request)
    {
        using var socket = await SendAsync(port, request);
        using var answer = new MemoryStream();
        await using var stream = new NetworkStream(socket);
        await stream.CopyToAsync(answer).WaitAsync(Patience, TimeProvider.System);
        var text = Encoding.UTF8.GetString(answer.ToArray());
        if (!text.StartsWith("HTTP/1.", StringComparison.Ordinal)) throw new IOException("No answer.");
        return (int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture), text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
    }

    private static async Task<Socket> SendAsync(int port, string request)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            await socket.SendAsync(Encoding.UTF8.GetBytes(request));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>HTTP/1.0, so that the answer is not in chunks and its end is the end of the connection.</summary>
    private static string Request(string method, string path, IReadOnlyList<string> headers, string body)
    {
        var text = new StringBuilder($"{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n");
        foreach (var header in headers) text.Append(header).Append("\r\n");
        if (body.Length > 0) text.Append(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n");
        return text.Append("\r\n").Append(body).ToString();
    }
}
