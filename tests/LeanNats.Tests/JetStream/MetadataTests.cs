using LeanNats.JetStream;

namespace LeanNats.Tests.JetStream;

public sealed class MetadataTests
{
    [Fact]
    public void Both_forms_of_the_acknowledgement_subject_are_read()
    {
        var old = NatsJSMsgMetadata.Parse("$JS.ACK.WORK.C1.2.10.3.1795225856871016838.4");
        Assert.Equal(("WORK", "C1", 2UL, 10UL, 3UL, 4UL), (old.Stream, old.Consumer, old.NumDelivered, old.StreamSequence, old.ConsumerSequence, old.NumPending));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddTicks(17952258568710168), old.Timestamp);
        Assert.Equal(old, NatsJSMsgMetadata.Parse("$JS.ACK._.szMpdrwD.WORK.C1.2.10.3.1795225856871016838.4"));
        Assert.Equal(old with { Domain = "hub" }, NatsJSMsgMetadata.Parse("$JS.ACK.hub.szMpdrwD.WORK.C1.2.10.3.1795225856871016838.4.more.tokens"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("_INBOX.1")]
    [InlineData("$JS.ACK.WORK.C1.2.10.3.1795225856871016838")]
    [InlineData("$JS.ACK.WORK.C1.2.10.3.1795225856871016838.4.5")]
    [InlineData("$JS.ACK.WORK.C1.2.-10.3.1795225856871016838.4")]
    [InlineData("$JS.NAK.WORK.C1.2.10.3.1795225856871016838.4")]
    [InlineData("$JS.ACK.WORK.C1.2.10.99999999999999999999999.1795225856871016838.4")]
    public void Anything_else_is_an_error(string? subject) => Assert.Throws<NatsJSException>(() => NatsJSMsgMetadata.Parse(subject));
}
