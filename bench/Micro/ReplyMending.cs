using System.Buffers;
using BenchmarkDotNet.Attributes;
using LmGateway.Backends.Wire;
using LmGateway.Serving.Dialects;

namespace LmGateway.Micro;

/// <summary>Mending a whole answer, and one token of a stream.</summary>
public class ReplyMending
{
    private const int Tokens = 1000;

    private readonly ReplyMendOptions options = new() { RequestId = "1", Time = TimeProvider.System, Model = "bench-1-0" };

    [Benchmark]
    public int WholeAnswer()
    {
        using var mended = ChatReplyMend.Apply(Texts.Answer, options, new ReplyTally(TimeProvider.System));
        return (int)mended.Body.Length;
    }

    [Benchmark(OperationsPerInvoke = Tokens)]
    public async Task<int> TokenOfAStream()
    {
        var bytes = 0;
        var stream = new ChatStreamOptions { Id = "chatcmpl-1", Created = 1, Model = "bench-1-0" };
        await foreach (var block in ChatStreamMend.ApplyAsync(EventsAsync(), stream, new ReplyTally(TimeProvider.System), CancellationToken.None)) bytes += block.Length;
        return bytes;
    }

    [Benchmark]
    public int SplitOneEvent()
    {
        using var splitter = new SseSplitter(ArrayPool<byte>.Shared, 1024 * 1024);
        splitter.Feed(Texts.Event);
        var events = 0;
        while (splitter.TryNext(out _)) events++;
        splitter.Keep();
        return events;
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> EventsAsync()
    {
        for (var i = 0; i < Tokens; i++) yield return Texts.Event;
        yield return "data: [DONE]\n\n"u8.ToArray();
        await Task.CompletedTask;
    }
}
