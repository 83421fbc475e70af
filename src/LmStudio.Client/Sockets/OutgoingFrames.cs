using System.Text.Encodings.Web;
using System.Text.Json;

namespace LmStudio.Client.Sockets;

/// <summary>The frames that a client sends. A parameter that is null is left out: the protocol refuses null and {} for void.</summary>
internal static class OutgoingFrames
{
    // The frames are never put into HTML, and the default would write every + of base64 as six characters.
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static PooledBuffer Authentication(ClientIdentity identity) => Write(writer =>
    {
        writer.WriteNumber("authVersion", 1);
        writer.WriteString("clientIdentifier", identity.Identifier);
        writer.WriteString("clientPasskey", identity.Passkey);
    });

    public static PooledBuffer KeepAlive() => Write(writer => writer.WriteString("type", "keepAlive"));

    public static PooledBuffer RpcCall(int callId, string endpoint, Action<Utf8JsonWriter>? parameter) => Write(writer =>
    {
        writer.WriteString("type", "rpcCall");
        writer.WriteString("endpoint", endpoint);
        writer.WriteNumber("callId", callId);
        WriteOptional(writer, "parameter", parameter);
    });

    public static PooledBuffer ChannelCreate(int channelId, string endpoint, Action<Utf8JsonWriter>? parameter) => Write(writer =>
    {
        writer.WriteString("type", "channelCreate");
        writer.WriteString("endpoint", endpoint);
        writer.WriteNumber("channelId", channelId);
        WriteOptional(writer, "creationParameter", parameter);
    });

    public static PooledBuffer ChannelSend(int channelId, string messageType) => Write(writer =>
    {
        writer.WriteString("type", "channelSend");
        writer.WriteNumber("channelId", channelId);
        writer.WriteStartObject("message");
        writer.WriteString("type", messageType);
        writer.WriteEndObject();
    });

    private static void WriteOptional(Utf8JsonWriter writer, string name, Action<Utf8JsonWriter>? value)
    {
        if (value is null) return;
        writer.WritePropertyName(name);
        value(writer);
    }

    private static PooledBuffer Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new PooledBuffer();
        try
        {
            using var writer = new Utf8JsonWriter(buffer, WriterOptions);
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
            writer.Flush();
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }
}
