using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace LmGateway.Observability;

/// <summary>The beginnings of a request's body and of its reply's, kept for people to look at. What is shown has no secrets in it.</summary>
internal sealed partial class CapturedBodies(int limit)
{
    private const RegexOptions Usual = RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;

    /// <summary>Characters that a letter begun in the block before may become.</summary>
    private const int CarriedOver = 4;

    private readonly StringBuilder reply = new();
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private string request = "";
    private long requestBytes;
    private long replyBytes;

    public void TakeRequest(in ReadOnlySequence<byte> body)
    {
        requestBytes = body.Length;
        request = Encoding.UTF8.GetString(body.Slice(0, Math.Min(body.Length, limit)));
    }

    public void TakeReply(ReadOnlySpan<byte> block)
    {
        var room = (int)Math.Clamp(limit - replyBytes, 0, block.Length);
        replyBytes += block.Length;
        if (room == 0) return;
        Span<char> text = room <= 1024 ? stackalloc char[room + CarriedOver] : new char[room + CarriedOver];
        var length = decoder.GetChars(block[..room], text, flush: false);
        lock (reply) reply.Append(text[..length]);
    }

    public string Request() => Shown(request, requestBytes);

    public string Reply()
    {
        lock (reply) return Shown(reply.ToString(), replyBytes);
    }

    private string Shown(string text, long bytes)
    {
        text = Named().Replace(text, "${kept}\"***\"");
        text = Bearer().Replace(text, "${kept}***");
        text = Token().Replace(text, "***");
        text = DataUrl().Replace(text, "${kept}…");
        return bytes > limit ? $"{text}… ({bytes} bytes)" : text;
    }

    [GeneratedRegex("""(?<kept>"(?:[a-z_-]*(?:api[_-]?key|authorization|password|passwd|secret|credential|access[_-]?token|auth[_-]?token|api[_-]?token)|token)"\s*:\s*)"(?:[^"\\]|\\.)*"?""", Usual, 5_000)]
    private static partial Regex Named();

    [GeneratedRegex("""(?<kept>\bBearer\s+)[A-Za-z0-9._~+/=:-]+""", Usual, 5_000)]
    private static partial Regex Bearer();

    [GeneratedRegex("""\b(?:sk|pk|ghp|hf|xox[abp])[-_][A-Za-z0-9:_-]{12,}""", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 5_000)]
    private static partial Regex Token();

    [GeneratedRegex("""(?<kept>\bdata:[a-z]+/[a-z0-9.+-]+;base64,)[A-Za-z0-9+/=]{16,}""", Usual, 5_000)]
    private static partial Regex DataUrl();
}
