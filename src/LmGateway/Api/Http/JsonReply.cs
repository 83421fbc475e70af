using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.Http;

/// <summary>Writes JSON replies: one media type, no byte order mark, a length, nothing at all on HEAD.</summary>
internal static class JsonReply
{
    public const string MediaType = "application/json; charset=utf-8";

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One JSON value as it is sent.</summary>
    public static byte[] ToBytes(Action<Utf8JsonWriter> write)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json, Readable)) write(writer);
        return json.ToArray();
    }

    /// <summary>Writes one JSON value with the status.</summary>
    public static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        using var json = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(json, Readable)) write(writer);
        var response = context.Response;
        response.StatusCode = status;
        context.Replies(status);
        response.ContentType = MediaType;
        response.ContentLength = json.Length;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await response.Body.WriteAsync(json.GetBuffer().AsMemory(0, (int)json.Length), context.RequestAborted);
    }

    /// <summary>What every API says in headers about a failure: when to come back, and whether coming back can help at all.</summary>
    public static void DescribeFailure(HttpContext context, GatewayError error)
    {
        context.Failed(error);
        var headers = context.Response.Headers;
        if (error.RetryAfter is { } pause)
            headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(pause.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (error.Code is ErrorCode.RateLimited && context.RequestServices?.GetService<KeyQuotas>()?.StateOf(context.Grant()) is { } left) QuotaHeaders.Write(headers, left);
        if (error.Code is ErrorCode.LoadFailed or ErrorCode.InsufficientMemory or ErrorCode.Internal)
            headers["x-should-retry"] = "false";
        if (error.Code is ErrorCode.Unauthorized)
            headers.WWWAuthenticate = "Bearer";
    }
}
