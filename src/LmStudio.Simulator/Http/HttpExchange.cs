using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;
using Microsoft.AspNetCore.Http;

namespace LmStudio.Simulator.Http;

/// <summary>One HTTP request with its whole body, and the ways to answer it.</summary>
internal sealed class HttpExchange(HttpContext context, SimulatedLmStudio studio, byte[] body)
{
    /// <summary>LM Studio writes text as it is, not as <c>\u</c> escapes.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public HttpContext Context => context;

    public SimulatedLmStudio Studio => studio;

    public string Method => context.Request.Method;

    /// <summary>The decoded path without the query.</summary>
    public string Path { get; } = context.Request.Path.Value ?? "/";

    /// <summary>The rest of the path behind a prefix, with slashes that came percent-encoded.</summary>
    public string Rest(string prefix) => Path[prefix.Length..].Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>Cancelled when the caller has gone.</summary>
    public CancellationToken Gone => context.RequestAborted;

    public long NowSeconds => studio.Now.ToUnixTimeSeconds();

    /// <summary>The body as a JSON object.</summary>
    /// <exception cref="HttpErrorException">It is not one.</exception>
    public JsonElement Json()
    {
        var json = JsonOrArray();
        return json.ValueKind == JsonValueKind.Object ? json : throw HttpError.Plain("Invalid request body: expected a JSON object");
    }

    /// <summary>The body as any JSON.</summary>
    /// <exception cref="HttpErrorException">It is not JSON.</exception>
    public JsonElement JsonOrArray()
    {
        try
        {
            return JsonElement.Parse(body.AsSpan());
        }
        catch (JsonException exception)
        {
            throw HttpError.Plain($"Invalid JSON in request body: {exception.Message}");
        }
    }

    public Task ReplyAsync(JsonObject reply, int status = 200) => ReplyAsync(status, writer => reply.WriteTo(writer));

    public async Task ReplyAsync(int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions)) write(writer);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = buffer.WrittenCount;
        await context.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, Gone);
    }

    /// <summary>A fresh id: a prefix and so many random digits of base 36.</summary>
    public static string NewId(string prefix, int length = 21) => prefix + Random.Shared.GetString("0123456789abcdefghijklmnopqrstuvwxyz", length);

    /// <summary>A fresh id of stored responses: <c>resp_</c> and 48 hexadecimal digits.</summary>
    public static string NewResponseId() => "resp_" + Random.Shared.GetHexString(48, lowercase: true);
}
