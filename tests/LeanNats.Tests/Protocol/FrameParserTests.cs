using System.Buffers;
using System.Text;
using LeanNats.Protocol;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Protocol;

public sealed class FrameParserTests
{
    public static TheoryData<int> Fixtures => [.. Enumerable.Range(0, Frames.Fixtures.Length)];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void A_recorded_stream_gives_its_frames(int index)
    {
        var (text, expected) = Frames.Fixtures[index];
        Assert.Equal(expected, Frames.ReadAll(new ReadOnlySequence<byte>(text.Bytes()), out var rest));
        Assert.True(rest.IsEmpty);
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void A_stream_split_at_any_byte_gives_the_same_frames(int index)
    {
        var (text, expected) = Frames.Fixtures[index];
        var bytes = text.Bytes();
        for (var split = 0; split <= bytes.Length; split++)
        {
            // What had come before the split is parsed alone first, as a reading loop does.
            var early = Frames.ReadAll(new ReadOnlySequence<byte>(bytes[..split]), out var rest);
            var late = Frames.ReadAll(Frames.Sequence(rest.ToArray(), bytes[split..]), out var end);
            Assert.Equal(expected, early.Concat(late));
            Assert.True(end.IsEmpty);
        }
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void A_stream_in_pieces_of_one_byte_gives_the_same_frames(int index)
    {
        var (text, expected) = Frames.Fixtures[index];
        var pieces = text.Bytes().Select(value => new[] { value }).ToArray();
        Assert.Equal(expected, Frames.ReadAll(Frames.Sequence(pieces), out _));
    }

    [Theory]
    [InlineData("HELLO\r\n")]
    [InlineData("\r\n")]
    [InlineData("MSG\r\n")]
    [InlineData("MSG a 1\r\n")]
    [InlineData("MSG a x 1\r\n")]
    [InlineData("MSG a 1 -1\r\n")]
    [InlineData("MSG a 1 +1\r\n")]
    [InlineData("MSG a 1 b 2 c\r\n")]
    [InlineData("MSG a 1 99999999999999999999\r\n")]
    [InlineData("MSG a 1 1048577\r\n")]
    [InlineData("MSG a 1 2\r\nabcd")]
    [InlineData("MSG a 1 2\r\nab\n\n")]
    [InlineData("HMSG a 1 2\r\n")]
    [InlineData("HMSG a 1 17 16\r\n")]
    [InlineData("HMSG a 1 r 16 16 5\r\n")]
    public void What_is_not_nats_is_a_violation(string text) =>
        Assert.Throws<NatsProtocolViolationException>(() => Frames.ReadAll(new ReadOnlySequence<byte>(text.Bytes()), out _));

    [Fact]
    public void A_line_without_an_end_is_given_up()
    {
        var endless = new ReadOnlySequence<byte>(new byte[600 * 1024]);
        Assert.Throws<NatsProtocolViolationException>(() => Frames.ReadAll(endless, out _));
    }

    [Fact]
    public void A_frame_that_is_not_whole_leaves_the_buffer_as_it_is()
    {
        var bytes = new ReadOnlySequence<byte>("MSG a 1 5\r\nhel"u8.ToArray());
        Assert.Empty(Frames.ReadAll(bytes, out var rest));
        Assert.Equal(bytes.Length, rest.Length);
    }

    [Fact]
    public void Changed_streams_give_frames_or_a_violation_and_nothing_else() => Fuzz(100_000, seed: 1);

    [Fact]
    [Trait("run", "long")]
    public void A_million_changed_streams_give_frames_or_a_violation_and_nothing_else() => Fuzz(1_000_000, seed: 2);

    private static void Fuzz(int count, int seed)
    {
        var random = new Random(seed);
        var fixtures = Frames.Fixtures.Select(fixture => fixture.Bytes.Bytes()).ToArray();
        var parser = new FrameParser(64 * 1024);
        var (frames, violations) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            var bytes = Mutate(fixtures[random.Next(fixtures.Length)], fixtures[random.Next(fixtures.Length)], random);
            var split = random.Next(bytes.Length + 1);
            var sequence = Frames.Sequence(bytes[..split], bytes[split..]);
            try
            {
                while (parser.TryRead(ref sequence, out var frame))
                {
                    frames++;
                    ReadOn(frame);
                }
            }
            catch (NatsProtocolViolationException)
            {
                violations++;
            }
        }

        Assert.True(frames > count / 10 && violations > count / 10, $"{frames} frames, {violations} violations");
    }

    /// <summary>What the client does with a frame next must stand the same bytes.</summary>
    private static void ReadOn(in ServerFrame frame)
    {
        if (frame.Verb == ServerVerb.Info) ConnectJson.ReadInfo(frame.Text);
        if (frame.Verb == ServerVerb.Error) ServerErrors.RefusedSubscription(Encoding.UTF8.GetString(frame.Text));
        if (frame.HeaderLength == 0) return;
        try
        {
            HeaderBlock.Parse(frame.Payload.Slice(0, frame.HeaderLength).ToArray());
        }
        catch (NatsHeaderParseException)
        {
            // One of the two answers that are allowed.
        }
    }

    private static byte[] Mutate(byte[] one, byte[] other, Random random)
    {
        var bytes = new List<byte>(one);
        for (var changes = random.Next(1, 5); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveAt(at); break;
                case 2: bytes.Insert(at, "0123456789 \t\r\n.-"u8[random.Next(16)]); break;
                case 3: bytes.RemoveRange(at, random.Next(bytes.Count - at)); break;
                case 4: bytes.InsertRange(at, other.AsSpan(0, random.Next(other.Length)).ToArray()); break;
                default: bytes.AddRange(other); break;
            }
        }

        return [.. bytes];
    }
}
