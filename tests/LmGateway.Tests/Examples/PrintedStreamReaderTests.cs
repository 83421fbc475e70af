using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using LmGateway.Tests.Functional;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>
/// The reader that the provider document prints takes each network chunk for whole lines. It works on our streams because no event is
/// ever split between two chunks (S2-39).
/// </summary>
public sealed class PrintedStreamReaderTests
{
    [Fact]
    [Example(SourceDocument.ProviderFile, "Client Implementation Example")]
    public async Task S2_39_the_printed_reader_reads_the_whole_story_chunk_by_chunk()
    {
        Assert.Contains("chunk.split('\\n')", SourceDocument.Provider["Client Implementation Example"]);
        await using var gateway = await ProviderExamplesTests.StartAsync(tokensPerSecond: 200);
        const string story = "Es war einmal ein König 👑, der sagte: data: [DONE]\\n\\nund ging.";

        var chunks = await ChunksAsync(gateway, GatewayUnderTest.ChatBody("local-model", story, "\"stream\":true"));

        Assert.True(chunks.Count > 3);
        Assert.All(chunks, chunk => Assert.EndsWith("\n\n", Encoding.UTF8.GetString(chunk)));
        Assert.Equal("You said: " + JsonElement.Parse($"\"{story}\"").GetString(), Read(chunks));
    }

    [Fact]
    public async Task S2_39_the_printed_reader_loses_nothing_of_a_fast_stream()
    {
        await using var gateway = await ProviderExamplesTests.StartAsync();
        var chunks = await ChunksAsync(gateway, GatewayUnderTest.ChatBody("local-model", "count to 500", "\"stream\":true,\"max_tokens\":2000"));
        Assert.Equal(string.Join(", ", Enumerable.Range(1, 500)), Read(chunks));
    }

    /// <summary>The printed loop: decode, split on newlines, parse what follows <c>data: </c>.</summary>
    private static string Read(IEnumerable<byte[]> chunks)
    {
        var written = new StringBuilder();
        foreach (var value in chunks)
        {
            foreach (var line in Encoding.UTF8.GetString(value).Split('\n'))
            {
                if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
                var data = line[6..];
                if (data == "[DONE]") return written.ToString();
                var parsed = JsonElement.Parse(data);
                if (parsed.GetProperty("choices") is { } choices && choices.GetArrayLength() > 0
                    && choices[0].TryGetProperty("delta", out var delta) && delta.TryGetProperty("content", out var content)) written.Append(content.GetString());
            }
        }

        throw new InvalidOperationException("The stream ended without [DONE].");
    }

    /// <summary>The chunks of HTTP's chunked coding as they stand on the wire.</summary>
    private static async Task<List<byte[]>> ChunksAsync(GatewayUnderTest gateway, string body)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(gateway.Address.Host, gateway.Address.Port);
        await using var stream = client.GetStream();
        var content = Encoding.UTF8.GetBytes(body);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {content.Length}\r\nConnection: close\r\n\r\n"));
        await stream.WriteAsync(content);
        using var received = new MemoryStream();
        await stream.CopyToAsync(received);
        return Unchunk(received.ToArray());
    }

    private static List<byte[]> Unchunk(ReadOnlySpan<byte> reply)
    {
        Assert.True(reply.StartsWith("HTTP/1.1 200 OK\r\n"u8), Encoding.UTF8.GetString(reply));
        var chunks = new List<byte[]>();
        var rest = reply[(reply.IndexOf("\r\n\r\n"u8) + 4)..];
        while (true)
        {
            var end = rest.IndexOf("\r\n"u8);
            var length = int.Parse(Encoding.ASCII.GetString(rest[..end]), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (length == 0) return chunks;
            chunks.Add(rest.Slice(end + 2, length).ToArray());
            rest = rest[(end + 2 + length + 2)..];
        }
    }
}
