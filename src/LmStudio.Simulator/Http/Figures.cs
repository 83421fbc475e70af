using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>The three objects that <c>/api/v0</c> adds to OpenAI's replies. Times are seconds.</summary>
internal static class Figures
{
    public static void AddTo(JsonObject reply, LoadedInstance instance, GenerationStats stats)
    {
        reply["stats"] = new JsonObject
        {
            ["tokens_per_second"] = stats.TokensPerSecond,
            ["time_to_first_token"] = stats.TimeToFirstToken.TotalSeconds,
            ["generation_time"] = stats.TotalTime.TotalSeconds,
            ["stop_reason"] = Text(stats.StopReason),
        };
        reply["model_info"] = new JsonObject
        {
            ["arch"] = instance.Model.Architecture,
            ["quant"] = instance.Model.Quantization?.Name,
            ["format"] = instance.Model.Format,
            ["context_length"] = instance.ContextLength,
        };
        reply["runtime"] = new JsonObject
        {
            ["name"] = "llama.cpp-linux-x86_64-avx2",
            ["version"] = "2.31.2",
            ["supported_formats"] = new JsonArray("gguf"),
        };
    }

    /// <summary>A stop reason in the protocol's spelling.</summary>
    public static string Text(StopReason reason)
    {
        var name = reason.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }
}
