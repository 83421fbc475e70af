using System.Globalization;
using System.Text;
using System.Text.Unicode;
using LmGateway.Events;
using LmGateway.Vocabulary;

namespace LmGateway.Observability;

/// <summary>What the log says of a request that has ended. Every request has such a line, so it becomes bytes without becoming strings before.</summary>
internal sealed record RequestLine(CallContext Call, string Backend, string Instance, RequestState Outcome, InferenceTimes Times) : ILineText
{
    private const int UsualLength = 256;

    /// <summary>As the backend counted; null where it did not tell.</summary>
    public Usage? Usage { get; init; }

    public bool TryWrite(Span<byte> utf8, out int written)
    {
        Span<byte> numbers = stackalloc byte[128];
        var first = Times.FirstToken is { } latency && Utf8.TryWrite(numbers, CultureInfo.InvariantCulture, $"{Milliseconds(latency)} ms to the first piece", out var length) ? numbers[..length] : "no reply"u8;
        numbers = numbers[first.Length..];
        var tokens = Usage is { } counted && Utf8.TryWrite(numbers, CultureInfo.InvariantCulture, $"{counted.PromptTokens}+{counted.CompletionTokens} tokens", out length) ? numbers[..length] : "tokens not told"u8;
        return Utf8.TryWrite(
            utf8,
            CultureInfo.InvariantCulture,
            $"{Call.Api} {Backend}/{Instance} {Outcome} in {Milliseconds(Times.Total)} ms ({first}, queued {Milliseconds(Times.Queue)} ms, load {Milliseconds(Times.Load)} ms), {tokens}, {Call.Caller} [{Call.RequestId}]",
            out written);
    }

    /// <summary>The same as text, for a log that asks for it.</summary>
    public override string ToString()
    {
        var utf8 = new byte[UsualLength];
        int length;
        while (!TryWrite(utf8, out length)) utf8 = new byte[2 * utf8.Length];
        return Encoding.UTF8.GetString(utf8, 0, length);
    }

    /// <summary>Whole ones: doubles take ten times as long to write.</summary>
    private static long Milliseconds(TimeSpan time) => (long)Math.Round(time.TotalMilliseconds);
}
