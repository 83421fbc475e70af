using System.Buffers;
using System.Text;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Dialects;

/// <summary>What a request and a reply cost in memory in which nothing has to be mended. The bounds leave room; they are no exact figures.</summary>
public sealed class PlainPathTests
{
    private const string Request =
        """{"model":"bench-1-0","stream":false,"temperature":0.7,"messages":[{"role":"system","content":"Answer shortly."},{"role":"user","content":"The quick brown fox jumps over the lazy dog."}]}""";

    private const string Reply =
        """{"id":"chatcmpl-bench","object":"chat.completion","created":1763700000,"model":"bench-1-0","system_fingerprint":"bench","choices":[{"index":0,"message":{"role":"assistant","content":"A short answer."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":11,"total_tokens":20}}""";

    private static readonly ReadOnlySequence<byte> Body = Wire.Whole(Request);
    private static readonly byte[] ReplyBody = Encoding.UTF8.GetBytes(Reply);

    [Fact]
    public void Reading_a_request_keeps_little_but_its_members_and_its_model() =>
        Assert.InRange(BytesOf(static () => RequestPeek.Read(Body, Dialect.OpenAiChat)), 1, 400);

    [Fact]
    public void A_request_that_fits_needs_no_list_of_changes()
    {
        var peek = RequestPeek.Read(Body, Dialect.OpenAiChat);
        Assert.InRange(BytesOf(() => RequestMends.Fit(peek, new RequestMendOptions()).For("bench-1-0")), 1, 350);
    }

    [Fact]
    public void A_reply_in_order_needs_no_list_of_changes()
    {
        var options = new ReplyMendOptions { RequestId = "1", Time = TimeProvider.System, Model = "bench-1-0" };
        Assert.InRange(BytesOf(() => ChatReplyMend.Apply(ReplyBody, options, new ReplyTally(TimeProvider.System)).Dispose()), 1, 350);
    }

    /// <summary>Bytes that one run allocates.</summary>
    private static long BytesOf(Action run)
    {
        const int Runs = 100;
        for (var first = 0; first < Runs; first++) run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var counted = 0; counted < Runs; counted++) run();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / Runs;
    }
}
