using System.Buffers;
using System.Text;
using LeanNats.Protocol;

namespace LeanNats.Tests.Protocol;

/// <summary>What servers were seen to send, and how a parsed frame is written down to compare it.</summary>
internal static class Frames
{
    public const string Info2910 =
        """INFO {"server_id":"NBAT","server_name":"NBAT","version":"2.9.10","proto":1,"go":"go1.19.8","host":"127.0.0.1","port":14222,"headers":true,"max_payload":1048576,"jetstream":true,"client_id":4,"client_ip":"127.0.0.1"} """ + "\r\n";

    /// <summary>Each is one stream of frames with what must come out of it.</summary>
    public static readonly (string Bytes, string[] Frames)[] Fixtures =
    [
        (Info2910 + "PONG\r\nINFO {\"connect_info\":true,\"remote_account\":\"$G\"}\r\n",
            ["Info " + Info2910[5..].Trim(), "Pong", "Info {\"connect_info\":true,\"remote_account\":\"$G\"}"]),
        ("MSG I.x 1  29\r\n{\"stream\":\"OBJ_CAP\", \"seq\":1}\r\n", ["Msg I.x 1 [] 0 {\"stream\":\"OBJ_CAP\", \"seq\":1}"]),
        ("MSG a.b 12 I.9.77 5\r\nhello\r\nMSG a.b 12 0\r\n\r\n", ["Msg a.b 12 [I.9.77] 0 hello", "Msg a.b 12 [] 0 "]),
        ("HMSG r.1 7 16 16\r\nNATS/1.0 503\r\n\r\n\r\n", ["Msg r.1 7 [] 16 NATS/1.0 503\r\n\r\n"]),
        ("HMSG r.1 7 38 38\r\nNATS/1.0 503\r\nNats-Subject: nobody\r\n\r\n\r\n", ["Msg r.1 7 [] 38 NATS/1.0 503\r\nNats-Subject: nobody\r\n\r\n"]),
        ("HMSG work.a 3 $JS.ACK.WORK.C1.1.1.1.1795225856871016838.0 30 33\r\nNATS/1.0\r\nNats-Msg-Id: id1\r\n\r\none\r\n",
            ["Msg work.a 3 [$JS.ACK.WORK.C1.1.1.1.1795225856871016838.0] 30 NATS/1.0\r\nNats-Msg-Id: id1\r\n\r\none"]),
        ("HMSG I.3 1  130 132\r\nNATS/1.0\r\nNats-Stream: KV_REG\r\nNats-Subject: $KV.REG.node.a\r\nNats-Sequence: 1\r\nNats-Time-Stamp: 2026-11-21T01:50:53.712432434Z\r\n\r\nv1\r\n",
            ["Msg I.3 1 [] 130 NATS/1.0\r\nNats-Stream: KV_REG\r\nNats-Subject: $KV.REG.node.a\r\nNats-Sequence: 1\r\nNats-Time-Stamp: 2026-11-21T01:50:53.712432434Z\r\n\r\nv1"]),
        ("PING\r\n+OK\r\n-ERR 'Permissions Violation for Publish to \"s\"'\r\nping\r\npong \r\n",
            ["Ping", "Ok", "Error Permissions Violation for Publish to \"s\"", "Ping", "Pong"]),
        ("msg\ta.b \t 3\t\t11\r\nline\r\nbreak\r\n", ["Msg a.b 3 [] 0 line\r\nbreak"]),
        ("MSG größe.ü 1 4\r\näü\r\n", ["Msg größe.ü 1 [] 0 äü"]),
    ];

    /// <summary>All that can be read, and whether something is left over.</summary>
    public static List<string> ReadAll(ReadOnlySequence<byte> bytes, out ReadOnlySequence<byte> rest, int maxPayload = 1024 * 1024)
    {
        var parser = new FrameParser(maxPayload);
        var read = new List<string>();
        while (parser.TryRead(ref bytes, out var frame)) read.Add(Describe(frame));
        rest = bytes;
        return read;
    }

    public static ReadOnlySequence<byte> Sequence(params byte[][] parts)
    {
        var first = new Segment(parts[0], null);
        var last = parts.Skip(1).Aggregate(first, (before, part) => new Segment(part, before));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private static string Describe(in ServerFrame frame) => frame.Verb switch
    {
        ServerVerb.Msg => $"Msg {Text(frame.Subject)} {frame.Sid} [{Text(frame.ReplyTo)}] {frame.HeaderLength} {Text(frame.Payload.ToArray())}",
        ServerVerb.Info or ServerVerb.Error => $"{frame.Verb} {Text(frame.Text)}",
        _ => frame.Verb.ToString(),
    };

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? before)
        {
            Memory = bytes;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
