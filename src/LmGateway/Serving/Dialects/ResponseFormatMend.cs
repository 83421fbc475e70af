using System.Buffers;
using System.Text.Json;
using LmGateway.Backends;

namespace LmGateway.Serving.Dialects;

/// <summary><c>json_object</c> as the <c>json_schema</c> that any object fits, for backends that know only the latter.</summary>
internal static class ResponseFormatMend
{
    public static void Apply(RequestPeek peek, RequestPlan plan, DialectDefects defects)
    {
        if (peek.Find(RequestField.ResponseFormat) is not { Kind: JsonTokenType.StartObject } format) return;
        var (type, schema) = Read(peek, format);
        if (type is null) throw RequestPeek.Invalid("'response_format.type' is required: text, json_object or json_schema.", RequestField.ResponseFormat);
        if (type != "json_object" || !defects.HasFlag(DialectDefects.RefusesJsonObject)) return;
        var value = new ArrayBufferWriter<byte>();
        value.Write("""{"type":"json_schema","json_schema":{"name":"json_object","strict":false,"schema":"""u8);
        value.Write(schema ?? """{"type":"object"}"""u8);
        value.Write("}}"u8);
        plan.Set(RequestField.ResponseFormat, value.WrittenSpan);
    }

    /// <summary>llama.cpp's and others' clients give <c>json_object</c> a schema; it is kept.</summary>
    private static (string? Type, byte[]? Schema) Read(RequestPeek peek, RequestMember format)
    {
        string? type = null;
        byte[]? schema = null;
        var reader = peek.Reader(format);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = JsonText.Is(ref reader, "type"u8);
            var isSchema = JsonText.Is(ref reader, "schema"u8);
            reader.Read();
            if (isType) type = reader.TokenType == JsonTokenType.String ? JsonText.Read(ref reader) : null;
            var start = reader.TokenStartIndex;
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            reader.Skip();
            if (isSchema && isObject) schema = peek.Value(format).Slice(start, reader.BytesConsumed - start).ToArray();
        }

        return (type, schema);
    }
}
