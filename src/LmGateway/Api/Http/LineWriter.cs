using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using LmGateway.Observability;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>
/// Writes NDJSON: each line is one object, flushed at once. Nothing goes out before the first line, not even the head of the reply, so that a
/// failure until then still gets its real status.
/// </summary>
internal sealed class LineWriter(HttpContext context) : IDisposable
{
    private readonly Utf8JsonWriter json = new(context.Response.BodyWriter, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public bool HasStarted { get; private set; }

    /// <summary>What is to be said in headers is said here, when the reply begins.</summary>
    public Action? Beginning { get; init; }

    /// <summary>Keeps what is written, where that is wanted.</summary>
    public Func<CapturedBodies?> Kept { get; init; } = () => null;

    /// <summary>Writes an object of the members. Waits where the caller reads slowly.</summary>
    public async ValueTask WriteAsync(Action<Utf8JsonWriter> members)
    {
        if (!HasStarted) Begin();
        json.Reset();
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
        json.Flush();
        Kept()?.TakeReply([.. Line(members), (byte)'\n']);
        context.Response.BodyWriter.Write("\n"u8);
        await context.FlushAsync();
    }

    public void Dispose() => json.Dispose();

    private static byte[] Line(Action<Utf8JsonWriter> members) => JsonReply.ToBytes(writer =>
    {
        writer.WriteStartObject();
        members(writer);
        writer.WriteEndObject();
    });

    private void Begin()
    {
        HasStarted = true;
        Beginning?.Invoke();
        context.Replies(StatusCodes.Status200OK);
        context.Response.ContentType = "application/x-ndjson";
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers["X-Accel-Buffering"] = "no";
    }
}
