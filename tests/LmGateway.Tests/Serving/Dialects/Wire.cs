using System.Buffers;
using System.Text;
using LmGateway.Backends;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Dialects;

/// <summary>Bytes as they come off a wire: whole, or cut anywhere.</summary>
internal static class Wire
{
    public static ReadOnlySequence<byte> Whole(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>The same bytes in segments of one length.</summary>
    public static ReadOnlySequence<byte> InPieces(byte[] bytes, int length)
    {
        Segment? first = null, last = null;
        for (var start = 0; start < bytes.Length; start += length)
        {
            last = new Segment(bytes.AsMemory(start, Math.Min(length, bytes.Length - start)), last);
            first ??= last;
        }

        return first is null ? default : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
    }

    public static string Text(in ReadOnlySequence<byte> bytes) => Encoding.UTF8.GetString(bytes);

    public static RequestPeek Peek(string json, Dialect dialect = Dialect.OpenAiChat) => RequestPeek.Read(Whole(json), dialect);

    /// <summary>The request as a backend gets it.</summary>
    public static MendedRequest Mend(RequestPeek peek, RequestMendOptions options, string? model = null) => RequestMends.Fit(peek, options).For(model);

    public static GatewayError Refused(Action act) => Assert.Throws<GatewayException>(act).Error;

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
