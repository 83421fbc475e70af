using System.Text.Json;
using System.Text.Unicode;
using LmGateway.Api.Http;
using LmGateway.Serving.Dialects;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Chat;

/// <summary>A JSON body that is checked field by field, with every fault found in it. The memory that it was read from must outlive it.</summary>
internal sealed class JsonBody : IDisposable
{
    private readonly List<FieldFault> faults = [];
    private readonly JsonDocument? document;

    private JsonBody(ReadOnlyMemory<byte> text)
    {
        if (text.Span.Trim(" \t\r\n"u8).IsEmpty) faults.Add(FieldFault.NoBody());
        else if (!Utf8.IsValid(text.Span)) faults.Add(FieldFault.NotJson(0, "The body is not UTF-8."));
        else document = Parse(text);
    }

    /// <summary>A byte order mark, as some programs for Windows write it, is passed over.</summary>
    public static JsonBody Of(ReadOnlyMemory<byte> text) => new(text.Span.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? text[3..] : text);

    /// <summary>What <paramref name="read"/> makes of the fields; null where the body has faults.</summary>
    public T? Read<T>(Func<BodyFields, T> read)
        where T : class
    {
        if (document is null || BodyFields.Of(document.RootElement, FieldPath.Body, faults) is not { } fields) return null;
        var result = read(fields);
        return faults.Count == 0 ? result : null;
    }

    /// <summary>Answers 422 with the faults, in FastAPI's list form.</summary>
    public Task RefuseAsync(HttpContext context) => RefuseAsync(context, faults);

    /// <inheritdoc cref="RefuseAsync(HttpContext)"/>
    public static Task RefuseAsync(HttpContext context, IReadOnlyList<FieldFault> faults) => JsonReply.WriteAsync(context, StatusCodes.Status422UnprocessableEntity, writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("detail");
        foreach (var fault in faults) fault.WriteTo(writer);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    public void Dispose() => document?.Dispose();

    private JsonDocument? Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException fault)
        {
            faults.Add(FieldFault.NotJson(Position(text.Span, fault), JsonFault.Describe(fault)));
            return null;
        }
    }

    /// <summary>The place in bytes from the start.</summary>
    private static int Position(ReadOnlySpan<byte> text, JsonException fault)
    {
        var start = 0;
        for (var line = 0L; line < fault.LineNumber; line++) start += text[start..].IndexOf((byte)'\n') + 1;
        return start + (int)(fault.BytePositionInLine ?? 0);
    }
}
