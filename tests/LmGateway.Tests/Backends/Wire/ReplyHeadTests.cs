using System.Net.Http;
using System.Text;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Backends.Wire;

/// <summary>What the head of a reply says.</summary>
public sealed class ReplyHeadTests
{
    [Theory]
    [InlineData("Content-Length: 5", BodyEnd.AfterLength, true)]
    [InlineData("content-length:5", BodyEnd.AfterLength, true)]
    [InlineData("Content-Length: 5\r\nContent-Length: 5", BodyEnd.AfterLength, true)]
    [InlineData("Content-Length: 0", BodyEnd.AtOnce, true)]
    [InlineData("Transfer-Encoding: chunked", BodyEnd.InChunks, true)]
    [InlineData("Transfer-Encoding: gzip, Chunked", BodyEnd.InChunks, true)]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked", BodyEnd.InChunks, true)]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 5", BodyEnd.InChunks, true)]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: identity", BodyEnd.WithConnection, false)]
    [InlineData("Content-Type: text/plain", BodyEnd.WithConnection, false)]
    [InlineData("Content-Length: 5\r\nConnection: close", BodyEnd.AfterLength, false)]
    [InlineData("Content-Length: 5\r\nConnection: Upgrade, Close", BodyEnd.AfterLength, false)]
    internal void The_end_of_the_body_and_of_the_connection_are_known(string headers, BodyEnd end, bool keeps)
    {
        var head = Read($"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n");
        Assert.Equal((end, keeps), (head.End, head.KeepsConnection));
    }

    [Theory]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", 204, true)]
    [InlineData("HTTP/1.1 304\r\nContent-Length: 7\r\n\r\n", 304, true)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n", 100, true)]
    [InlineData("HTTP/1.0 200 OK\nContent-Length: 0\n\n", 200, false)]
    [InlineData("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", 200, true)]
    public void Replies_without_a_body_end_at_once(string bytes, int status, bool keeps)
    {
        var head = Read(bytes);
        Assert.Equal((status, BodyEnd.AtOnce, keeps), (head.Status, head.End, head.KeepsConnection));
    }

    [Fact]
    public void The_answer_to_HEAD_has_no_body_whatever_its_length_says() =>
        Assert.Equal(BodyEnd.AtOnce, ReplyHead.Read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"u8, hasBody: false).End);

    [Theory]
    [InlineData("HTTP/1.1 20 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 -20 OK\r\n\r\n")]
    [InlineData("HTTP/1.1200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n: nameless\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n")]
    public void What_is_no_head_is_refused(string bytes) =>
        Assert.Equal(HttpRequestError.InvalidResponse, Assert.Throws<HttpIOException>(() => Read(bytes)).HttpRequestError);

    [Theory]
    [InlineData("S")]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n")]
    [InlineData("HTTP/2 200\r\n")]
    [InlineData("http/1.1 200 OK")]
    public void What_does_not_begin_as_HTTP_is_refused_before_it_ends(string bytes) =>
        Assert.Throws<HttpIOException>(() => ReplyHead.EndOf(Encoding.Latin1.GetBytes(bytes), 0));

    [Fact]
    public void The_end_is_found_wherever_the_reads_end()
    {
        foreach (var text in new[] { "HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", "HTTP/1.1 200 OK\nA: b\n\nbody", "HTTP/1.1 200 OK\r\n\r\nbody" })
        {
            var bytes = Encoding.Latin1.GetBytes(text);
            var end = text.Length - "body".Length;
            for (var first = 0; first < end; first++)
            {
                Assert.Equal(0, ReplyHead.EndOf(bytes.AsSpan(0, first), 0));
                Assert.Equal(end, ReplyHead.EndOf(bytes, first));
            }
        }
    }

    [Fact]
    public void Headers_and_the_hint_how_long_a_connection_is_kept_are_read()
    {
        var bytes = "HTTP/1.1 200 OK\r\nContent-Type:  text/event-stream \r\nKeep-Alive: timeout=5, max=100\r\nX-A: one\r\nX-A: two\r\n\r\n"u8;
        var head = ReplyHead.Read(bytes, hasBody: true);
        Assert.Equal(("text/event-stream", 5), (head.ContentType, head.KeepAliveSeconds));
        Assert.Equal([new Header("Content-Type", "text/event-stream"), new Header("Keep-Alive", "timeout=5, max=100"), new Header("X-A", "one"), new Header("X-A", "two")], ReplyHead.Headers(bytes));
    }

    private static ReplyHead Read(string bytes)
    {
        var head = Encoding.Latin1.GetBytes(bytes);
        Assert.Equal(head.Length, ReplyHead.EndOf(head, 0));
        return ReplyHead.Read(head, hasBody: true);
    }
}
