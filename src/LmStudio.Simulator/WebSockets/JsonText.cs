using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LmStudio.Simulator.WebSockets;

/// <summary>JSON as the protocol's JavaScript servers write it: compact, and nothing escaped that need not be.</summary>
internal static class JsonText
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Bytes(JsonNode node) => Write(node.WriteTo);

    public static string Of(JsonNode node) => Encoding.UTF8.GetString(Bytes(node));

    public static string Of(JsonElement? element) =>
        element is { } present ? Encoding.UTF8.GetString(Write((writer, _) => present.WriteTo(writer))) : "undefined";

    private static byte[] Write(Action<Utf8JsonWriter, JsonSerializerOptions?> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Options)) write(writer, null);
        return buffer.ToArray();
    }
}
