using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using BenchmarkDotNet.Attributes;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;

namespace LmGateway.Micro;

/// <summary>Reading a request in one pass, and changing its model by splicing; beside the ways that build a document.</summary>
public class RequestParsing
{
    private byte[] body = [];

    [Params(800, 256 * 1024)]
    public int PromptBytes { get; set; }

    [GlobalSetup]
    public void Setup() => body = Texts.Request(PromptBytes);

    [Benchmark(Baseline = true)]
    public bool Peek() => RequestPeek.Read(new ReadOnlySequence<byte>(body), Dialect.OpenAiChat).Streamed;

    [Benchmark]
    public long PeekAndSpliceModel()
    {
        var peek = RequestPeek.Read(new ReadOnlySequence<byte>(body), Dialect.OpenAiChat);
        return RequestMends.Fit(peek, new RequestMendOptions()).For("another-model").Body.Length;
    }

    [Benchmark]
    public int Document()
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty("model").GetString()!.Length;
    }

    [Benchmark]
    public int DocumentTreeWrittenAgain()
    {
        var node = JsonNode.Parse(body)!;
        node["model"] = "another-model";
        using var written = new MemoryStream();
        using (var writer = new Utf8JsonWriter(written)) node.WriteTo(writer);
        return (int)written.Length;
    }
}
