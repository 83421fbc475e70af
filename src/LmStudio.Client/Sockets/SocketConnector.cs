using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Sockets;

/// <summary>Opens authenticated connections: several attempts, a pause between them, a limit on each.</summary>
internal sealed class SocketConnector(LmStudioClientOptions options, ClientIdentity identity, Discovery discovery)
{
    /// <summary>
    /// Throws <see cref="LmStudioAuthenticationException"/> at once when LM Studio refuses the client, and
    /// <see cref="LmStudioConnectionException"/> when no attempt succeeded.
    /// </summary>
    public async Task<SocketConnection> ConnectAsync(string name, CancellationToken cancellationToken)
    {
        Exception? last = null;
        for (var attempt = 0; attempt < options.ConnectAttempts; attempt++)
        {
            if (attempt > 0) await Task.Delay(options.ConnectRetryDelay, options.TimeProvider, cancellationToken).ConfigureAwait(false);
            using var limit = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            try
            {
                return await ConnectOnceAsync(name, either.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not LmStudioAuthenticationException && !cancellationToken.IsCancellationRequested)
            {
                last = e is OperationCanceledException ? new LmStudioTimeoutException("/" + name, options.ConnectTimeout) : e;
            }
        }

        throw LmStudioConnectionException.AfterAttempts(options.ConnectAttempts, last);
    }

    private async Task<SocketConnection> ConnectOnceAsync(string name, CancellationToken cancellationToken)
    {
        var address = await discovery.FindSocketServerAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new LmStudioConnectionException("No LM Studio answers on this machine.");
        var socket = new ClientWebSocket();
        FrameReader? reader = null;
        try
        {
            Configure(socket.Options, address);
            await UpgradeAsync(socket, address.SocketUri("/" + name), cancellationToken).ConfigureAwait(false);
            reader = new FrameReader(socket, options.MaxFrameBytes);
            await AuthenticateAsync(socket, reader, cancellationToken).ConfigureAwait(false);
            return new SocketConnection(name, socket, reader, options);
        }
        catch
        {
            reader?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    private void Configure(ClientWebSocketOptions socket, LmStudioAddress address)
    {
        socket.KeepAliveInterval = TimeSpan.Zero;
        socket.CollectHttpResponseDetails = true;
        if (address.IsLoopback) socket.Proxy = null;
        options.ConfigureWebSocket?.Invoke(socket);
    }

    private static async Task UpgradeAsync(ClientWebSocket socket, Uri uri, CancellationToken cancellationToken)
    {
        try
        {
            await socket.ConnectAsync(uri, cancellationToken).ConfigureAwait(false);
        }
        catch (WebSocketException e) when (socket.HttpStatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            throw new LmStudioAuthenticationException($"The server at {uri} refused the connection with status {(int)socket.HttpStatusCode}.", e);
        }
    }

    private async Task AuthenticateAsync(WebSocket socket, FrameReader reader, CancellationToken cancellationToken)
    {
        using (var frame = OutgoingFrames.Authentication(identity))
            await socket.SendAsync(frame.Written, WebSocketMessageType.Text, true, cancellationToken).ConfigureAwait(false);
        var reply = await reader.ReadAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new LmStudioConnectionException("LM Studio closed the connection before it answered the authentication.");
        if (Read(reply) is not { } answer)
            throw new LmStudioAuthenticationException("The server answered the authentication with something that is not LM Studio's reply.");
        if (answer.Flag("success") != true)
            throw new LmStudioAuthenticationException(answer.Text("error") ?? "LM Studio refused the authentication.");
    }

    private static JsonElement? Read(Frame frame)
    {
        try
        {
            var json = new Utf8JsonReader(frame.Bytes.Span);
            var element = JsonElement.ParseValue(ref json);
            return element.Flag("success") is null ? null : element;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
