using System.Buffers;
using System.Globalization;
using System.Text;

namespace LmGateway.Serving.Dialects;

/// <summary>Events that the gateway writes itself into a chat or completion stream.</summary>
internal sealed class ChunkWriter(ReplyIdentity identity, bool completions)
{
    public static ReadOnlySpan<byte> Done => "data: [DONE]\n\n"u8;

    /// <summary>Arguments <c>{}</c> for tool calls that ended without any.</summary>
    public void WriteEmptyArguments(IBufferWriter<byte> writer, int choice, IReadOnlyList<int> calls)
    {
        var pieces = calls.Select(call => string.Create(CultureInfo.InvariantCulture, $$$"""{"index":{{{call}}},"function":{"arguments":"{}"}}"""));
        WriteChoice(writer, choice, "{\"tool_calls\":[" + string.Join(',', pieces) + "]}", "null");
    }

    public void WriteFinish(IBufferWriter<byte> writer, int choice, string reason) => WriteChoice(writer, choice, "{}", $"\"{reason}\"");

    public void WriteUsage(IBufferWriter<byte> writer, ReadOnlySpan<byte> usage)
    {
        WriteHead(writer);
        writer.Write("],\"usage\":"u8);
        writer.Write(usage);
        writer.Write("}\n\n"u8);
    }

    private void WriteChoice(IBufferWriter<byte> writer, int choice, string delta, string reason)
    {
        WriteHead(writer);
        var content = completions ? "\"text\":\"\"" : $"\"delta\":{delta}";
        writer.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"index\":{choice},{content},\"logprobs\":null,\"finish_reason\":{reason}}}")));
        writer.Write("]}\n\n"u8);
    }

    private void WriteHead(IBufferWriter<byte> writer)
    {
        writer.Write("data: {\"id\":"u8);
        writer.Write(identity.Id);
        writer.Write(completions ? ",\"object\":\"text_completion\",\"created\":"u8 : ",\"object\":\"chat.completion.chunk\",\"created\":"u8);
        writer.Write(identity.Created);
        writer.Write(",\"model\":"u8);
        writer.Write(identity.Model);
        writer.Write(",\"choices\":["u8);
    }
}
