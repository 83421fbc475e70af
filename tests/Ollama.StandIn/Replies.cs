using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Ollama.StandIn;

/// <summary>The three forms in which Ollama answers.</summary>
internal static class Replies
{
    public static async Task JsonAsync(HttpContext context, JsonObject body, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }

    public static void Begin(HttpContext context, string type)
    {
        context.Response.ContentType = type;
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
    }

    /// <summary>One line of a native stream, or one event; in pieces where that is asked for.</summary>
    public static async Task WriteAsync(HttpContext context, string text, int pieceBytes)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var piece = pieceBytes > 0 ? pieceBytes : bytes.Length;
        for (var start = 0; start < bytes.Length; start += piece)
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(start, Math.Min(piece, bytes.Length - start)), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    public static Task LineAsync(HttpContext context, JsonObject line, int pieceBytes) => WriteAsync(context, line.ToJsonString() + "\n", pieceBytes);
}
