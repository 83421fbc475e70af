using System.Text;
using LeanNats.Protocol;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Protocol;

public sealed class HeaderBlockTests
{
    [Fact]
    public void Headers_are_written_as_the_protocol_prints_them()
    {
        var headers = new NatsHeaders { ["Header"] = "X", ["Many"] = new[] { "1", "2" }, ["Empty"] = "" };
        Assert.Equal("NATS/1.0\r\nHeader: X\r\nMany: 1\r\nMany: 2\r\nEmpty: \r\n\r\n", Encoding.UTF8.GetString(HeaderBlock.Encode(headers)));
    }

    [Fact]
    public void What_is_written_reads_back()
    {
        var headers = new NatsHeaders { ["nats-a"] = "água ü", ["Nats-A"] = new[] { "one", "two", "one" }, ["X:".TrimEnd(':')] = "a: b" };
        var read = HeaderBlock.Parse(HeaderBlock.Encode(headers));
        Assert.Equal(headers, read);
        Assert.True(read.TryGetLastValue("Nats-A", out var last));
        Assert.Equal("one", last);
        Assert.False(read.TryGetLastValue("NATS-A", out _));
        Assert.Equal(0, read.Code);
    }

    [Theory]
    [InlineData("NATS/1.0 503\r\n\r\n", 503, "")]
    [InlineData("NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 1\r\n\r\n", 100, "Idle Heartbeat")]
    [InlineData("NATS/1.0   404  No Messages \r\n\r\n", 404, "No Messages")]
    [InlineData("NATS/1.0\r\n\r\n", 0, "")]
    public void A_status_line_is_a_code_and_words(string block, int code, string words)
    {
        var read = HeaderBlock.Parse(block.Bytes());
        Assert.Equal((code, words), (read.Code, read.MessageText));
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("NATS/1.0 what\r\n\r\n")]
    [InlineData("NATS/1.0 99999\r\n\r\n")]
    [InlineData("NATS/1.0\r\nno colon\r\n\r\n")]
    [InlineData("NATS/1.0\r\n: no name\r\n\r\n")]
    public void Broken_headers_are_a_typed_error(string block) =>
        Assert.Throws<NatsHeaderParseException>(() => HeaderBlock.Parse(block.Bytes()));

    [Theory]
    [InlineData("", "v")]
    [InlineData("a b", "v")]
    [InlineData("a:b", "v")]
    [InlineData("ü", "v")]
    [InlineData("a", "one\r\nSneaked: in")]
    [InlineData("a\r\nb", "v")]
    public void What_would_break_out_of_its_line_is_refused(string key, string value) =>
        Assert.Throws<ArgumentException>(() => HeaderBlock.Encode(new NatsHeaders { [key] = value }));
}
