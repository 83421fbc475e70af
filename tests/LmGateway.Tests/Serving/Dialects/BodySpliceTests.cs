using System.Buffers;
using System.Text;
using LmGateway.Serving.Dialects;
using Xunit;

namespace LmGateway.Tests.Serving.Dialects;

public sealed class BodySpliceTests
{
    [Fact]
    public void Changes_are_applied_in_the_order_of_their_places()
    {
        var splice = new BodySplice();
        splice.Replace(8, 2, "EIGHT"u8.ToArray());
        splice.Remove(2, 4);
        splice.Insert(2, "a"u8.ToArray());
        splice.Insert(2, "b"u8.ToArray());
        splice.Insert(10, "end"u8.ToArray());
        Assert.Equal("01ab4567EIGHTend", Applied(splice, "0123456789"));
    }

    [Fact]
    public void The_result_is_the_same_however_the_body_is_cut()
    {
        var splice = new BodySplice();
        splice.Insert(0, "<"u8.ToArray());
        splice.Replace(3, 4, "xyz"u8.ToArray());
        var bytes = Encoding.UTF8.GetBytes("0123456789");
        for (var length = 1; length <= bytes.Length; length++)
            Assert.Equal("<012xyz789", Wire.Text(splice.Apply(Wire.InPieces(bytes, length))));
    }

    [Fact]
    public void What_is_not_changed_is_not_copied()
    {
        var body = Wire.Whole("0123456789");
        var splice = new BodySplice();
        Assert.Equal(body, splice.Apply(body));
        splice.Replace(4, 1, "-"u8.ToArray());
        var first = splice.Apply(body).First;
        Assert.True(body.First[..4].Equals(first));
    }

    [Fact]
    public void Overlapping_changes_are_a_defect()
    {
        var splice = new BodySplice();
        splice.Remove(2, 6);
        splice.Remove(4, 8);
        Assert.Throws<InvalidOperationException>(() => splice.Apply(Wire.Whole("0123456789")));
    }

    private static string Applied(BodySplice splice, string text)
    {
        var writer = new ArrayBufferWriter<byte>();
        splice.WriteTo(Encoding.UTF8.GetBytes(text), writer);
        var copied = Encoding.UTF8.GetString(writer.WrittenSpan);
        Assert.Equal(copied, Wire.Text(splice.Apply(Wire.Whole(text))));
        return copied;
    }
}
