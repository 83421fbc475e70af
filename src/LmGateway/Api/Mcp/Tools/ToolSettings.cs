using LmGateway.Configuration;
using LmGateway.Serving.BringUp;

namespace LmGateway.Api.Mcp.Tools;

/// <summary>The settings by which the tools act for one caller: the service's own, or those that a client's <c>env</c> gave its stdio process.</summary>
internal sealed record ToolSettings
{
    public required string Backend { get; init; }

    /// <summary><c>MODEL_NAME</c>; null where it is not set.</summary>
    public string? Model { get; init; }

    public string? ModelSource { get; init; }
    public required bool ThinkingMode { get; init; }
    public required double Temperature { get; init; }

    /// <summary>The folder that the client works in, where that is known.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary>What <c>init_llm</c> makes ready.</summary>
    public BringUpOrder Order => new(Backend, Model ?? new BringUpOptions().ModelOrDefault) { Source = ModelSource };

    public static ToolSettings Of(GatewayOptions options) => new()
    {
        Backend = options.BringUp.BackendOrDefault,
        Model = options.BringUp.Model,
        ModelSource = options.BringUp.ModelSource,
        ThinkingMode = options.Mcp.ThinkingMode,
        Temperature = options.Mcp.Temperature,
    };
}
