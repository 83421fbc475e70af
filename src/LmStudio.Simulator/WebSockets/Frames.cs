using System.Text.Json.Nodes;

namespace LmStudio.Simulator.WebSockets;

/// <summary>The frames that a server sends. A void result has no <c>result</c> key at all: a null would make the vendor's client hang.</summary>
internal static class Frames
{
    public static JsonObject Accepted() => new() { ["success"] = true };

    public static JsonObject Refused(string error) => new() { ["success"] = false, ["error"] = error };

    public static JsonObject RpcResult(long callId, JsonNode? result)
    {
        var frame = new JsonObject { ["type"] = "rpcResult", ["callId"] = callId };
        if (result is not null) frame["result"] = result;
        return frame;
    }

    public static JsonObject RpcError(long callId, ProtocolError error) =>
        new() { ["type"] = "rpcError", ["callId"] = callId, ["error"] = error.ToJson() };

    public static JsonObject ChannelSend(long channelId, JsonNode message) =>
        new() { ["type"] = "channelSend", ["channelId"] = channelId, ["message"] = message };

    public static JsonObject ChannelClose(long channelId) => new() { ["type"] = "channelClose", ["channelId"] = channelId };

    public static JsonObject ChannelError(long channelId, ProtocolError error) =>
        new() { ["type"] = "channelError", ["channelId"] = channelId, ["error"] = error.ToJson() };

    public static JsonObject KeepAliveAck() => new() { ["type"] = "keepAliveAck" };

    public static JsonObject Warning(string warning, string kind) => new() { ["type"] = "communicationWarning", ["warning"] = warning, ["kind"] = kind };
}
