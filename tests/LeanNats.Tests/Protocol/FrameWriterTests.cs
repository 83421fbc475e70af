using System.Text;
using LeanNats.Protocol;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Protocol;

public sealed class FrameWriterTests
{
    [Fact]
    public void Publishing_gives_the_bytes_that_the_protocol_prints()
    {
        var headers = new NatsHeaders { ["Header"] = "X" };
        Assert.Equal("PUB a.b 2\r\nhi\r\n", Publish("a.b", null, null, "hi"));
        Assert.Equal("PUB a.b I.1 0\r\n\r\n", Publish("a.b", "I.1", null, ""));
        Assert.Equal("HPUB SUBJ REPLY 23 30\r\nNATS/1.0\r\nHeader: X\r\n\r\nPAYLOAD\r\n", Publish("SUBJ", "REPLY", headers, "PAYLOAD"));
        Assert.Equal("HPUB SUBJ REPLY 23 23\r\nNATS/1.0\r\nHeader: X\r\n\r\n\r\n", Publish("SUBJ", "REPLY", headers, ""));
    }

    [Fact]
    public void Empty_headers_are_no_headers() => Assert.Equal("PUB a 0\r\n\r\n", Publish("a", null, [], ""));

    [Fact]
    public void Subscribing_gives_the_bytes_that_the_protocol_prints()
    {
        Assert.Equal("SUB a.* 7\r\n", Write(buffer => FrameWriter.Subscribe(buffer, 7, "a.*", null)));
        Assert.Equal("SUB a.> q 7\r\n", Write(buffer => FrameWriter.Subscribe(buffer, 7, "a.>", "q")));
        Assert.Equal("UNSUB 7\r\n", Write(buffer => FrameWriter.Unsubscribe(buffer, 7, null)));
        Assert.Equal("UNSUB 7 12\r\n", Write(buffer => FrameWriter.Unsubscribe(buffer, 7, 12)));
        Assert.Equal("PING\r\nPONG\r\n", Write(buffer =>
        {
            FrameWriter.Ping(buffer);
            FrameWriter.Pong(buffer);
        }));
    }

    [Fact]
    public void Connect_leaves_out_what_is_not_set()
    {
        var json = ConnectJson.Write(new ConnectOptions { Name = "n+1", Echo = true, AuthToken = "t" });
        Assert.Equal(
            """{"verbose":false,"pedantic":false,"tls_required":false,"auth_token":"t","name":"n+1","lang":".net","version":"1.0.0","protocol":1,"echo":true,"headers":true,"no_responders":true}""",
            Encoding.UTF8.GetString(json));
    }

    [Fact]
    public void Info_is_read_leniently()
    {
        var info = ConnectJson.ReadInfo("""{"server_id":"a","max_payload":8388608,"connect_urls":["1.2.3.4:4222"],"ldm":true,"unknown":{"x":[1]},"api_lvl":5}"""u8);
        Assert.Equal(("a", 8_388_608L, true, 5), (info.Id!, info.MaxPayload, info.LameDuckMode, info.ApiLevel));
        Assert.Equal(["1.2.3.4:4222"], info.ClientConnectUrls!);
        Assert.Equal(1_048_576, ConnectJson.ReadInfo("{}"u8).MaxPayload);
        Assert.Throws<NatsProtocolViolationException>(() => ConnectJson.ReadInfo("null"u8));
        Assert.Throws<NatsProtocolViolationException>(() => ConnectJson.ReadInfo("{\"port\":\"x\"}"u8));
    }

    private static string Publish(string subject, string? replyTo, NatsHeaders? headers, string data) =>
        Write(buffer => FrameWriter.Publish(buffer, new OutgoingMessage(subject, replyTo, headers, data.Bytes())));

    private static string Write(Action<PooledBuffer> write)
    {
        using var buffer = new PooledBuffer();
        write(buffer);
        return Encoding.UTF8.GetString(buffer.Written.Span);
    }
}
