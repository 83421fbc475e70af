using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.OpenAi;

/// <summary>Looks for the <c>model</c> part of a multipart body in its first 64 KiB, without taking anything from the body.</summary>
internal static class MultipartModel
{
    private const int LookedAt = 64 * 1024;

    /// <summary>The model's name; null where the body is not multipart or has no such part near its beginning.</summary>
    public static async ValueTask<string?> PeekAsync(HttpRequest request)
    {
        if (request.ContentType?.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) != true) return null;
        while (true)
        {
            var result = await request.BodyReader.ReadAsync(request.HttpContext.RequestAborted);
            var looked = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, LookedAt)).ToArray();
            var name = Find(looked);
            var enough = name is not null || result.IsCompleted || result.Buffer.Length >= LookedAt;
            request.BodyReader.AdvanceTo(result.Buffer.Start, enough ? result.Buffer.Start : result.Buffer.End);
            if (enough) return name;
        }
    }

    private static string? Find(ReadOnlySpan<byte> body)
    {
        var header = body.IndexOf("name=\"model\""u8);
        if (header < 0) return null;
        var rest = body[header..];
        var start = rest.IndexOf("\r\n\r\n"u8);
        if (start < 0) return null;
        var value = rest[(start + 4)..];
        var end = value.IndexOf("\r\n"u8);
        return end is > 0 and <= 1024 ? Encoding.UTF8.GetString(value[..end]) : null;
    }
}
