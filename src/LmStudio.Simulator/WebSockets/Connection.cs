using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using LmStudio.Simulator.Engine;
using LmStudio.Simulator.WebSockets.Endpoints;
using LmStudio.Simulator.WebSockets.Validation;
using Microsoft.Extensions.Logging;

namespace LmStudio.Simulator.WebSockets;

/// <summary>
/// One authenticated connection to one namespace: reads frames in order, runs calls and channels side by side, and ends them all with itself.
/// Call ids and channel ids are separate spaces. A frame that makes no sense is passed over; a request that cannot be served gets a warning
/// (at most five a connection) and stays open.
/// </summary>
internal sealed partial class Connection(FrameSocket socket, Namespace served, ILogger logger)
{
    private const int MaxWarnings = 5;

    private readonly ConcurrentDictionary<long, OpenChannel> _channels = new();
    private readonly List<Task> _running = [];
    private int _warnings;
    private Action? _afterwards;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            while (await socket.ReceiveAsync(cancellationToken) is { } frame)
                if (frame.ValueKind == JsonValueKind.Object) await ReceiveAsync(frame, alive.Token);
        }
        finally
        {
            await alive.CancelAsync();
            await Task.WhenAll(_running);
            _afterwards?.Invoke();
        }
    }

    private async Task ReceiveAsync(JsonElement frame, CancellationToken cancellationToken)
    {
        switch (Text(frame, "type"))
        {
            case "rpcCall": await ReceiveCallAsync(frame, cancellationToken); break;
            case "channelCreate": await ReceiveCreateAsync(frame, cancellationToken); break;
            case "channelSend": await ReceiveMessageAsync(frame, cancellationToken); break;
            case "signalSubscribe": await WarnOfUnknownSignalAsync("signal", frame, cancellationToken); break;
            case "writableSignalSubscribe": await WarnOfUnknownSignalAsync("writableSignal", frame, cancellationToken); break;
            case "keepAlive": await socket.SendAsync(Frames.KeepAliveAck(), cancellationToken); break;
            case "communicationWarning": LogClientWarning(logger, Text(frame, "warning")); break;
        }
    }

    private async Task ReceiveCallAsync(JsonElement frame, CancellationToken cancellationToken)
    {
        if (Text(frame, "endpoint") is not { } name || Id(frame, "callId") is not { } callId) return;
        if (served.Endpoints.GetValueOrDefault(name) is not RpcEndpoint endpoint)
        {
            await WarnAsync($"Received rpcCall for unknown endpoint, endpoint = {name}", "rpcEndpointUnknown", cancellationToken);
            return;
        }

        var parameter = Value(frame, "parameter");
        if (endpoint.Parameter.Mismatches(parameter, "parameter") is { Count: > 0 } mismatches)
        {
            var text = $"Received invalid parameter for rpcCall, endpointName = {name}, parameter = {ZodError(parameter, mismatches)}";
            await WarnAsync(text, "rpcParameterTypeError", cancellationToken);
            return;
        }

        Track(AnswerAsync(endpoint, callId, new EndpointCall(parameter ?? default), cancellationToken));
    }

    private async Task ReceiveCreateAsync(JsonElement frame, CancellationToken cancellationToken)
    {
        if (Text(frame, "endpoint") is not { } name || Id(frame, "channelId") is not { } channelId) return;
        if (served.Endpoints.GetValueOrDefault(name) is not ChannelEndpoint endpoint)
        {
            await WarnAsync($"Received channelCreate for unknown endpoint, endpoint = {name}", "channelEndpointUnknown", cancellationToken);
            return;
        }

        var parameter = Value(frame, "creationParameter");
        if (endpoint.Parameter.Mismatches(parameter, "creationParameter") is { Count: > 0 } mismatches)
        {
            var text = $"Received invalid creationParameter for channel, endpointName = {name}, creationParameter = {ZodError(parameter, mismatches)}";
            await WarnAsync(text, "channelCreationParameterTypeError", cancellationToken);
            return;
        }

        var channel = new OpenChannel(channelId, endpoint, socket, FaultOf(name));
        if (_channels.TryAdd(channelId, channel))
            Track(RunAsync(channel, new EndpointCall(parameter ?? default), cancellationToken));
        else
            await WarnAsync($"Received channelCreate for already open channel, channelId = {channelId}", "channelAlreadyOpen", cancellationToken);
    }

    private async Task ReceiveMessageAsync(JsonElement frame, CancellationToken cancellationToken)
    {
        if (Id(frame, "channelId") is not { } channelId) return;
        if (!_channels.TryGetValue(channelId, out var channel))
        {
            await WarnAsync($"Received channelSend for unknown channel, channelId = {channelId}", "channelUnknown", cancellationToken);
            return;
        }

        var message = Value(frame, "message");
        if (channel.Endpoint.Message.Mismatches(message, "message") is { Count: > 0 } mismatches)
        {
            var text = $"Received invalid message for channel: endpointName = {channel.Endpoint.Name}, message = {ZodError(message, mismatches)}";
            await WarnAsync(text, "channelMessageTypeError", cancellationToken);
            return;
        }

        channel.Deliver(message!.Value);
    }

    private async Task AnswerAsync(RpcEndpoint endpoint, long callId, EndpointCall call, CancellationToken cancellationToken)
    {
        try
        {
            if (FaultOf(endpoint.Name) is { } fault) await fault.BeforeAsync(messageType: null, cancellationToken);
            var result = await endpoint.AnswerAsync(call, cancellationToken);
            await socket.SendAsync(Frames.RpcResult(callId, result), cancellationToken);
            if (endpoint.Afterwards is null) return;
            _afterwards = endpoint.Afterwards;
            await socket.CloseAsync(cancellationToken);
        }
        catch (Exception exception) when (ErrorOf(exception) is { } error)
        {
            await socket.SendAsync(Frames.RpcError(callId, error), cancellationToken);
        }
    }

    private async Task RunAsync(OpenChannel channel, EndpointCall call, CancellationToken cancellationToken)
    {
        try
        {
            await channel.Endpoint.RunAsync(call, channel, cancellationToken);
            _channels.TryRemove(channel.Id, out _);
            await socket.SendAsync(Frames.ChannelClose(channel.Id), cancellationToken);
        }
        catch (Exception exception) when (ErrorOf(exception) is { } error)
        {
            _channels.TryRemove(channel.Id, out _);
            await socket.SendAsync(Frames.ChannelError(channel.Id, error), cancellationToken);
        }
    }

    /// <summary>What the caller is told of a failure; nothing when it is the connection itself that ended.</summary>
    private ProtocolError? ErrorOf(Exception exception)
    {
        switch (exception)
        {
            case ProtocolException refusal: return refusal.Error;
            case EngineException refusal: return EngineErrors.ToProtocol(refusal.Error);
            case OperationCanceledException or WebSocketException or ObjectDisposedException: return null;
            default:
                LogFailure(logger, exception);
                return new ProtocolError(exception.Message);
        }
    }

    private PlayedFault? FaultOf(string endpoint) => served.FaultOf(endpoint) is { } fault ? new PlayedFault(fault, socket) : null;

    private void Track(Task work)
    {
        _running.RemoveAll(task => task.IsCompleted);
        _running.Add(UntilTheConnectionEndsAsync(work));
    }

    private static async Task UntilTheConnectionEndsAsync(Task work)
    {
        try
        {
            await work;
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException or ObjectDisposedException)
        {
        }
    }

    private async Task WarnOfUnknownSignalAsync(string kind, JsonElement frame, CancellationToken cancellationToken)
    {
        if (Text(frame, "endpoint") is { } name)
            await WarnAsync($"Received {kind}Subscribe for unknown endpoint, endpoint = {name}", $"{kind}EndpointUnknown", cancellationToken);
    }

    private async Task WarnAsync(string warning, string kind, CancellationToken cancellationToken)
    {
        if (_warnings++ < MaxWarnings) await socket.SendAsync(Frames.Warning(warning, kind), cancellationToken);
    }

    private static string ZodError(JsonElement? value, IReadOnlyList<string> mismatches) =>
        $"{JsonText.Of(value)}. Zod error:\n\n{string.Join('\n', mismatches)}";

    private static JsonElement? Value(JsonElement frame, string name) => frame.TryGetProperty(name, out var value) ? value : null;

    private static string? Text(JsonElement frame, string name) => Value(frame, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static long? Id(JsonElement frame, string name) =>
        Value(frame, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var id) ? id : null;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The client warned: {Warning}")]
    private static partial void LogClientWarning(ILogger logger, string? warning);

    [LoggerMessage(Level = LogLevel.Error, Message = "An endpoint failed")]
    private static partial void LogFailure(ILogger logger, Exception exception);
}
