namespace LmGateway.Bench.Rig;

/// <summary>The requests of the benchmarks. What the instant backend looks for stands first.</summary>
internal static class Bodies
{
    public const string Model = "bench-1-0";

    private const string Sentence = "The quick brown fox jumps over the lazy dog while the model reads every word of it. ";

    /// <summary>A usual question, just under a kilobyte.</summary>
    public static string Chat(string model = Model) => Body(model, "\"stream\":false", 780);

    /// <summary>A question whose answer is a word or two.</summary>
    public static string Short(string model) => $$"""{"model":"{{model}}","max_tokens":2,"messages":[{"role":"user","content":"count to 1"}]}""";

    /// <summary>A prompt of many kilobytes.</summary>
    public static string Big(int kibibytes) => Body(Model, "\"stream\":false", kibibytes * 1024);

    /// <summary>Asks for a stream of so many tokens with a pause between them.</summary>
    public static string Stream(int tokens, int paceMs) => Body(Model, $"\"stream\":true,\"max_tokens\":{tokens},\"seed\":{paceMs}", 780);

    private static string Body(string model, string parameters, int promptBytes)
    {
        var prompt = string.Concat(Enumerable.Repeat(Sentence, (promptBytes / Sentence.Length) + 1))[..promptBytes];
        return $$"""{"model":"{{model}}",{{parameters}},"temperature":0.7,"messages":[{"role":"system","content":"Answer shortly."},{"role":"user","content":"{{prompt}}"}]}""";
    }
}
