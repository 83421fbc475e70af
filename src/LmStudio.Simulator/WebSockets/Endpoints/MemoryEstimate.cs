using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary>How much memory a load would take, in bytes, and how much of it on the GPU.</summary>
internal sealed record MemoryEstimate(long Model, long Context, double GpuShare)
{
    private const double BytesPerContextToken = 100_000_000 / 4096.0;

    public static MemoryEstimate Of(SimulatedModel model, KvConfig sent, SimulatorOptions settings)
    {
        var config = LoadConfigSchema.Effective(model, settings, sent);
        var context = config.Int(model.Domain == ModelDomain.Llm ? LoadConfigSchema.LlmContextLength : LoadConfigSchema.EmbeddingContextLength) ?? 0;
        var share = config[LoadConfigSchema.OffloadRatio]?.GetDouble() ?? 1;
        return new MemoryEstimate(model.SizeBytes, (long)(context * BytesPerContextToken), share);
    }

    public JsonObject ToJson() => new()
    {
        ["confidence"] = "high",
        ["modelVramBytes"] = (long)(Model * GpuShare),
        ["contextVramBytes"] = (long)(Context * GpuShare),
        ["totalVramBytes"] = (long)((Model + Context) * GpuShare),
        ["modelBytes"] = Model,
        ["contextBytes"] = Context,
        ["totalBytes"] = Model + Context,
    };
}
