using System.Text.Encodings.Web;
using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Nats;

/// <summary>A reply before it is written: the fields of <c>data</c>, and why it failed if it did.</summary>
internal sealed record NatsAnswer
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public Action<Utf8JsonWriter>? Data { get; private init; }

    public GatewayError? Error { get; private init; }

    /// <summary>The failure in the words of the NATS service's document, where it has words for it.</summary>
    public string? Text { get; private init; }

    public static NatsAnswer Ok(Action<Utf8JsonWriter> data) => new() { Data = data };

    public static NatsAnswer Failed(GatewayError error, string? text = null, Action<Utf8JsonWriter>? data = null) => new() { Error = error, Text = text, Data = data };

    /// <summary><c>{"ok":true,"data":{…,"node":"desk"}}</c> or <c>{"ok":false,"error":"text","data":{…,"code":"…","node":"desk"}}</c>.</summary>
    public byte[] ToBytes(string node)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json, Readable)) WriteTo(writer, node);
        return json.ToArray();
    }

    public void WriteTo(Utf8JsonWriter writer, string node)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("ok", Error is null);
        if (Error is not null) writer.WriteString("error", Text ?? NatsErrors.Text(Error));
        writer.WriteStartObject("data");
        Data?.Invoke(writer);
        if (Error is not null) NatsErrors.WriteFacts(writer, Error);
        writer.WriteString("node", node);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
