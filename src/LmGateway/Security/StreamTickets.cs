using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Security;

/// <summary>
/// Passes for the event stream that stand in its address: a browser's <c>EventSource</c> cannot send headers. Who has a key asks for one.
/// A ticket opens that stream and nothing else, for a minute, and holds no secret; it is signed with a key that this process made up.
/// </summary>
internal sealed class StreamTickets(TimeProvider time)
{
    public const string Path = "/debug/stream";
    public const string Parameter = "ticket";

    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    private const int LongestTicket = 512;

    private readonly Lazy<byte[]> secret = new(() => RandomNumberGenerator.GetBytes(32));      // with the first ticket: it loads OpenSSL, which costs 5 MiB

    /// <summary>A ticket in the name of a caller.</summary>
    public string Issue(string caller)
    {
        var content = $"{(time.GetUtcNow() + Lifetime).ToUnixTimeSeconds()}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(caller))}";
        return $"{content}.{Base64Url.EncodeToString(Sign(content))}";
    }

    /// <summary>Whose valid ticket the request bears; null where it bears none, or is for something else.</summary>
    public string? CallerOf(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Path.Equals(Path, StringComparison.OrdinalIgnoreCase) ? CallerOf(request.Query[Parameter].ToString()) : null;

    private string? CallerOf(string ticket)
    {
        if (ticket.Length is 0 or > LongestTicket || ticket.Split('.') is not [var expiry, var caller, var signature]) return null;
        if (!Base64Url.IsValid(signature) || !CryptographicOperations.FixedTimeEquals(Base64Url.DecodeFromChars(signature), Sign($"{expiry}.{caller}"))) return null;
        var until = long.Parse(expiry, NumberStyles.None, CultureInfo.InvariantCulture);        // its own writing, as the signature says
        return time.GetUtcNow().ToUnixTimeSeconds() <= until ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(caller)) : null;
    }

    private byte[] Sign(string content) => HMACSHA256.HashData(secret.Value, Encoding.UTF8.GetBytes(content));
}
