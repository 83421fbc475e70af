using LmGateway.Backends.Wire;
using System.Text;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Dialects;

public sealed class SseSplitterTests
{
    public static TheoryData<string, string[]> Frames => new()
    {
        { "data: a\n\ndata: b\n\n", ["a", "b"] },
        { "data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"] },
        { "data: a\r\rdata: b\r\r", ["a", "b"] },
        { "data: a\r\n\ndata: b\n\r\n", ["a", "b"] },
        { "data:a\n\ndata:  b\n\n", ["a", " b"] },
        { ": ping\n\ndata: a\n\n:\n\n: x\ndata: b\n\n", ["a", "b"] },
        { "id: 7\nretry: 10\ndata: a\n\nid: 8\n\n", ["a"] },
        { "data: a\ndata: b\ndata:c\n\ndata: d\n\n", ["a\nb\nc", "d"] },
        { "data: a\r\ndata: b\r\n\r\n", ["a\nb"] },
        { "event: error\ndata: a\n\nevent:x\n\ndata: b\nevent: end\n\n", ["error|a", "end|b"] },
        { "data\n\ndata:\n\ndata: \n\n", ["", "", ""] },
        { "\n\n\ndata: a\n\n\n\n", ["a"] },
        { "\uFEFFdata: a\n\n", ["a"] },
        { "data: 😀 é € 漢字\n\n", ["😀 é € 漢字"] },
        { "data: a\n\ndata: last", ["a", "last"] },
        { "data: a\n\ndata: last\n", ["a", "last"] },
        { "data: a\n\ndata: last\r\n", ["a", "last"] },
        { "database: x\n\nnothing\n\ndata: a\n\n", ["a"] },
        { "", [] },
    };

    [Theory]
    [MemberData(nameof(Frames))]
    public void Events_are_the_same_wherever_the_reads_end(string stream, string[] expected)
    {
        var bytes = Encoding.UTF8.GetBytes(stream);
        for (var length = 1; length <= Math.Max(1, bytes.Length); length++) Assert.Equal(expected, Split(bytes, length));
        for (var cut = 0; cut <= bytes.Length; cut++) Assert.Equal(expected, Split([bytes[..cut], bytes[cut..]]));
    }

    [Fact]
    public void An_event_is_told_as_soon_as_its_blank_line_begins()
    {
        var pool = new CountingPool();
        using var splitter = new SseSplitter(pool, 100);
        splitter.Feed("data: a\r\n\r"u8.ToArray());
        Assert.True(splitter.TryNext(out var found));
        Assert.Equal("a", Encoding.UTF8.GetString(found.Data.Span));
        Assert.False(splitter.TryNext(out _));
        splitter.Keep();
        splitter.Feed("\ndata: b\r\n\r\n"u8.ToArray());
        Assert.True(splitter.TryNext(out found));
        Assert.Equal("b", Encoding.UTF8.GetString(found.Data.Span));
    }

    [Fact]
    public void Only_the_plainest_form_is_plain()
    {
        Assert.True(First("data: {}\n\n").Plain);
        foreach (var other in new[] { "data:{}\n\n", "data: {}\r\n\r\n", "data: {}\r\r", "event: x\ndata: {}\n\n", ": c\ndata: {}\n\n", "data: {\ndata: }\n\n" })
            Assert.False(First(other).Plain);
    }

    [Fact]
    public void The_window_of_a_block_that_begins_with_an_event_is_the_block()
    {
        using var splitter = new SseSplitter(new CountingPool(), 100);
        ReadOnlyMemory<byte> block = "data: a\n\ndata: b\n\n"u8.ToArray();
        splitter.Feed(block);
        Assert.True(splitter.Window.Equals(block));
        Assert.True(splitter.TryNext(out _));
        Assert.True(splitter.TryNext(out var second));
        Assert.Equal((9, 9), (second.Start, second.Length));
    }

    [Fact]
    public void An_event_without_end_is_a_fault_of_the_backend()
    {
        using var splitter = new SseSplitter(new CountingPool(), 64);
        for (var index = 0; index < 4; index++)
        {
            splitter.Feed("data: 0123456789"u8.ToArray());
            Assert.False(splitter.TryNext(out _));
            splitter.Keep();
        }

        splitter.Feed("x"u8.ToArray());
        Assert.False(splitter.TryNext(out _));
        Assert.Equal(ErrorCode.BackendFault, Wire.Refused(splitter.Keep).Code);
    }

    [Fact]
    public void Everything_rented_is_given_back()
    {
        var pool = new CountingPool();
        using (var splitter = new SseSplitter(pool, 1000))
        {
            splitter.Feed("data: a\ndata: b\n\ndata: c"u8.ToArray());
            Assert.True(splitter.TryNext(out _));
            Assert.False(splitter.TryNext(out _));
            splitter.Keep();
            Assert.True(pool.Rented > 0);
        }

        Assert.Equal(0, pool.Rented);
    }

    private static SseEvent First(string stream)
    {
        using var splitter = new SseSplitter(new CountingPool(), 1000);
        splitter.Feed(Encoding.UTF8.GetBytes(stream));
        Assert.True(splitter.TryNext(out var found));
        return found;
    }

    private static List<string> Split(byte[] bytes, int length) => Split([.. bytes.Chunk(length)]);

    private static List<string> Split(byte[][] reads)
    {
        using var splitter = new SseSplitter(new CountingPool(), 1000);
        List<string> events = [];
        foreach (var read in reads)
        {
            splitter.Feed(read);
            while (splitter.TryNext(out var found)) events.Add(Text(found));
            splitter.Keep();
        }

        if (splitter.TryLast(out var last)) events.Add(Text(last));
        return events;
    }

    private static string Text(SseEvent found) =>
        (found.Name.IsEmpty ? "" : Encoding.UTF8.GetString(found.Name.Span) + "|") + Encoding.UTF8.GetString(found.Data.Span);
}
