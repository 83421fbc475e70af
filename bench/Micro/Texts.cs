using System.Text;

namespace LmGateway.Micro;

/// <summary>Requests and answers to measure with.</summary>
internal static class Texts
{
    private const string Sentence = "The quick brown fox jumps over the lazy dog while the model reads every word of it. ";

    public static byte[] Request(int promptBytes) => Encoding.UTF8.GetBytes(
        $$"""{"model":"bench-1-0","stream":false,"temperature":0.7,"messages":[{"role":"system","content":"Answer shortly."},{"role":"user","content":"{{Prompt(promptBytes)}}"}]}""");

    public static byte[] Answer { get; } =
        """{"id":"chatcmpl-bench","object":"chat.completion","created":1763700000,"model":"bench-1-0","system_fingerprint":"bench","choices":[{"index":0,"message":{"role":"assistant","content":"A short answer that was ready before the question came."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":11,"total_tokens":20}}"""u8.ToArray();

    /// <summary>One token of a stream.</summary>
    public static byte[] Event { get; } =
        """data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1763700000,"model":"bench-1-0","system_fingerprint":"bench","choices":[{"index":0,"delta":{"content":"17 "},"logprobs":null,"finish_reason":null}]}"""u8.ToArray().Concat("\n\n"u8.ToArray()).ToArray();

    private static string Prompt(int bytes) => string.Concat(Enumerable.Repeat(Sentence, (bytes / Sentence.Length) + 1))[..bytes];
}
