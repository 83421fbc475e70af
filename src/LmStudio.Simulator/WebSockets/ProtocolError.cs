using System.Text.Json.Nodes;

namespace LmStudio.Simulator.WebSockets;

/// <summary>An error as it travels in <c>rpcError</c> and <c>channelError</c>; <paramref name="DisplayData"/> carries its code and details.</summary>
internal sealed record ProtocolError(string Title, JsonObject? DisplayData = null, string? Cause = null)
{
    /// <summary>The one text of work that its caller called off.</summary>
    public static ProtocolError Canceled { get; } = new("Operation canceled.");

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["title"] = Title };
        if (Cause is not null) json["cause"] = Cause;
        if (DisplayData is not null) json["displayData"] = DisplayData.DeepClone();
        json["stack"] = $"Error: {Title}";
        json["rootTitle"] = Title;
        return json;
    }
}

/// <summary>An endpoint refuses: the caller gets the error and nothing else.</summary>
internal sealed class ProtocolException(ProtocolError error) : Exception(error.Title)
{
    public ProtocolError Error { get; } = error;
}
