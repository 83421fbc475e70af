using System.Globalization;
using System.Net.Http;
using System.Text;
using LmGateway.Backends.Wire;
using Xunit;

namespace LmGateway.Tests.Backends.Wire;

/// <summary>Chunks are taken apart alike, wherever the reads end.</summary>
public sealed class ChunkedBodyTests
{
    [Theory]
    [InlineData("0\r\n\r\n", "")]
    [InlineData("5\r\nhello\r\n0\r\n\r\n", "hello")]
    [InlineData("5\nhello\n0\n\n", "hello")]
    [InlineData("00005;name=\"a;b\"\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0;last\r\nX-Trailer: yes\r\nX-Other: no\r\n\r\n", "hello 0123456789")]
    [InlineData("4 \r\na\r\nb\r\n0\r\n\r\n", "a\r\nb")]
    public void However_the_bytes_arrive_the_content_is_the_same(string framed, string content)
    {
        for (var piece = 1; piece <= framed.Length; piece++) Assert.Equal((content, "next"), Decode(framed + "next", piece));
    }

    [Theory]
    [InlineData("zz\r\n")]
    [InlineData("\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("0x5\r\nhello")]
    [InlineData("5\r\nhello!")]
    [InlineData("fffffffffffffffff\r\n")]
    [InlineData("5\r\nhello0\r\n\r\n")]
    public void What_are_no_chunks_is_refused(string framed)
    {
        for (var piece = 1; piece <= framed.Length; piece++)
            Assert.Equal(HttpRequestError.InvalidResponse, Assert.Throws<HttpIOException>(() => Decode(framed, piece)).HttpRequestError);
    }

    [Theory]
    [InlineData("5;")]
    [InlineData("0\r\nX: ")]
    public void A_line_of_framing_without_end_is_refused(string start) =>
        Assert.Throws<HttpIOException>(() => Decode(start + new string('x', 64 * 1024), 1000));

    [Fact]
    public void Any_content_in_any_chunks_in_any_reads_comes_out_as_it_went_in()
    {
        var random = new Random(20260728);
        for (var run = 0; run < 500; run++)
        {
            var content = string.Concat(Enumerable.Range(0, random.Next(0, 400)).Select(_ => (char)random.Next(0, 128)));
            var framed = new StringBuilder();
            for (var at = 0; at < content.Length;)
            {
                var length = Math.Min(random.Next(1, 40), content.Length - at);
                framed.Append(CultureInfo.InvariantCulture, $"{length:x}\r\n").Append(content, at, length).Append("\r\n");
                at += length;
            }

            Assert.Equal((content, ""), Decode(framed.Append("0\r\n\r\n").ToString(), random.Next(1, 60)));
        }
    }

    [Fact]
    public void Any_bytes_either_make_sense_or_are_refused()
    {
        var random = new Random(7);
        for (var run = 0; run < 5000; run++)
        {
            var framed = string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => "0123af;\r\n x"[random.Next(11)]));
            try
            {
                Decode(framed, random.Next(1, 8));
            }
            catch (HttpIOException refused)
            {
                Assert.Equal(HttpRequestError.InvalidResponse, refused.HttpRequestError);
            }
        }
    }

    /// <summary>The content, and what was left over behind the end.</summary>
    private static (string Content, string Left) Decode(string framed, int piece)
    {
        var body = new ChunkedBody();
        var content = new StringBuilder();
        for (var at = 0; at < framed.Length; at += piece)
        {
            var received = Encoding.Latin1.GetBytes(framed, at, Math.Min(piece, framed.Length - at));
            var length = body.Decode(received, out var used);
            content.Append(Encoding.Latin1.GetString(received, 0, length));
            if (body.Ended) return (content.ToString(), framed[(at + used)..]);
            Assert.Equal(received.Length, used);
        }

        return (content.ToString(), "");
    }
}
