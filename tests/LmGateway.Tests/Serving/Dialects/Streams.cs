using System.Runtime.CompilerServices;
using System.Text;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Dialects;

/// <summary>What came out of a mended stream.</summary>
internal sealed record Outcome(string Text, IReadOnlyList<string> Blocks, GatewayError? Error, ReplyTally Tally);

/// <summary>Runs streams whose blocks are valid only until the next one is asked for, as a socket's are.</summary>
internal static class Streams
{
    public static readonly ChatStreamOptions Chat = new() { Id = "chatcmpl-own", Created = 1700000000, Model = "asked" };

    /// <summary>A chunk as LM Studio sends it.</summary>
    public static string Chunk(string choice) =>
        $$"""data: {"id":"c1","object":"chat.completion.chunk","created":1747835957,"model":"m","choices":[{{choice}}]}""" + "\n\n";

    public static string Delta(string delta, string finish = "null") => Chunk($$"""{"index":0,"delta":{{delta}},"logprobs":null,"finish_reason":{{finish}}}""");

    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> Reads(byte[] bytes, int length, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var buffer = new byte[length];
        for (var start = 0; start < bytes.Length; start += length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = Math.Min(length, bytes.Length - start);
            bytes.AsSpan(start, count).CopyTo(buffer);
            await Task.Yield();
            yield return buffer.AsMemory(0, count);
            buffer.AsSpan().Fill(0xDD);
        }
    }

    public static Task<Outcome> Mended(string upstream, ChatStreamOptions? options = null, int length = int.MaxValue) =>
        Mended(Encoding.UTF8.GetBytes(upstream), options, length);

    public static Task<Outcome> Mended(byte[] upstream, ChatStreamOptions? options = null, int length = int.MaxValue)
    {
        var tally = new ReplyTally(TimeProvider.System);
        var pool = new CountingPool();
        var blocks = Reads(upstream, Math.Max(1, Math.Min(length, upstream.Length)));
        return Collect(ChatStreamMend.ApplyAsync(blocks, (options ?? Chat) with { Pool = pool }, tally, TestContext.Current.CancellationToken), tally, pool);
    }

    /// <summary>Reads to the end or to the error, and sees to it that nothing stays rented.</summary>
    public static async Task<Outcome> Collect(IAsyncEnumerable<ReadOnlyMemory<byte>> mended, ReplyTally tally, CountingPool pool)
    {
        var blocks = new List<byte[]>();
        GatewayError? error = null;
        try
        {
            await foreach (var block in mended) blocks.Add(block.ToArray());
        }
        catch (GatewayException fault)
        {
            error = fault.Error;
        }

        Assert.Equal(0, pool.Rented);
        var texts = blocks.Select(block => new UTF8Encoding(false, throwOnInvalidBytes: false).GetString(block)).ToList();
        return new Outcome(string.Concat(texts), texts, error, tally);
    }
}
