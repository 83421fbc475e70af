using System.Buffers;
using System.Text;
using LmGateway.Observability;
using Xunit;

namespace LmGateway.Tests.Observability;

public sealed class CapturedBodiesTests
{
    [Theory]
    [InlineData("""{"api_key":"abc"}""", """{"api_key":"***"}""")]
    [InlineData("""{"headers":{"Authorization" : "Basic abc"}}""", """{"headers":{"Authorization" : "***"}}""")]
    [InlineData("""{"password":"a\"b","x":1}""", """{"password":"***","x":1}""")]
    [InlineData("""{"access_token":"unfinished""", """{"access_token":"***" """)]
    [InlineData("""{"content":"use Bearer abc.def-123 here"}""", """{"content":"use Bearer *** here"}""")]
    [InlineData("""{"content":"sk-lm-abcdef123456:secretsecret"}""", """{"content":"***"}""")]
    [InlineData("""{"url":"data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=="}""", """{"url":"data:image/png;base64,…"}""")]
    [InlineData("""{"max_tokens":5,"token_count":"7","content":"the key is under the mat"}""", """{"max_tokens":5,"token_count":"7","content":"the key is under the mat"}""")]
    public void Secrets_and_pictures_are_not_shown(string body, string shown)
    {
        var bodies = new CapturedBodies(4096);
        bodies.TakeRequest(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)));
        bodies.TakeReply(Encoding.UTF8.GetBytes(body));
        Assert.Equal(shown.Trim(), bodies.Request());
        Assert.Equal(shown.Trim(), bodies.Reply());
    }

    [Fact]
    public void Only_the_beginning_of_a_body_is_kept()
    {
        var bodies = new CapturedBodies(256);
        bodies.TakeRequest(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(new string('x', 1000))));
        for (var i = 0; i < 10; i++) bodies.TakeReply(Encoding.UTF8.GetBytes(new string('y', 100)));
        Assert.Equal(new string('x', 256) + "… (1000 bytes)", bodies.Request());
        Assert.Equal(new string('y', 256) + "… (1000 bytes)", bodies.Reply());
    }

    [Fact]
    public void A_letter_cut_between_two_blocks_is_whole()
    {
        var bodies = new CapturedBodies(256);
        foreach (var one in Encoding.UTF8.GetBytes("né€😀")) bodies.TakeReply([one]);
        Assert.Equal("né€😀", bodies.Reply());
    }
}
