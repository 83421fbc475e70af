using System.Text.Json;
using System.Text.Unicode;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Nats;

/// <summary>The payload of an inference request: any JSON object that names its model.</summary>
internal sealed record InferencePayload(string Model, byte[] Body)
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>
    /// Reads and checks. The bytes stay as they are, unless <paramref name="streamed"/> says otherwise than the payload about whether the backend
    /// is to stream: a message has one reply, and a stream has many.
    /// </summary>
    public static InferencePayload Read(ReadOnlyMemory<byte> payload, string operation, bool streamed, NatsTexts texts)
    {
        if (payload.Span.StartsWith(ByteOrderMark)) payload = payload[ByteOrderMark.Length..];
        if (payload.Span.Trim(" \t\r\n"u8).IsEmpty) throw Invalid(texts.EmptyPayload(operation));
        if (!Utf8.IsValid(payload.Span)) throw Invalid($"invalid JSON in {operation}: it is not UTF-8");
        using var document = Parse(payload, operation);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object) throw Invalid($"invalid JSON in {operation}: an object is expected");
        if (ModelOf(root) is not { Length: > 0 } model)
            throw new GatewayException(new GatewayError(ErrorCode.ModelRequired, $"'model' is required in {operation}") { Parameter = "model" });
        return new InferencePayload(model, streamed ? Streaming(root) : AsksForStream(root) ? Whole(root) : payload.ToArray());
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> payload, string operation)
    {
        try
        {
            return JsonDocument.Parse(payload);
        }
        catch (JsonException fault)
        {
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, $"invalid JSON in {operation}: {fault.Message}"), fault);
        }
    }

    private static string? ModelOf(JsonElement root)
    {
        try
        {
            return root.TryGetProperty("model", out var model) && model.ValueKind == JsonValueKind.String ? model.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;        // half of a surrogate pair, as an escape
        }
    }

    private static bool AsksForStream(JsonElement root) => root.TryGetProperty("stream", out var stream) && stream.ValueKind != JsonValueKind.False;

    private static byte[] Whole(JsonElement root) => Rewrite(root, _ => { });

    private static byte[] Streaming(JsonElement root) => Rewrite(root, writer =>
    {
        writer.WriteBoolean("stream", true);
        writer.WriteStartObject("stream_options");
        writer.WriteBoolean("include_usage", true);
        writer.WriteEndObject();
    });

    private static byte[] Rewrite(JsonElement root, Action<Utf8JsonWriter> more)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            foreach (var property in root.EnumerateObject())
                if (!property.NameEquals("stream") && !property.NameEquals("stream_options")) property.WriteTo(writer);
            more(writer);
            writer.WriteEndObject();
        }

        return json.ToArray();
    }

    private static GatewayException Invalid(string message) => new(ErrorCode.InvalidRequest, message);
}
