using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.BringUp;

/// <summary>What is to be ready: a model on a backend of a kind.</summary>
/// <param name="Kind">The backend's kind: <c>lmstudio</c>, <c>ollama</c>; or <c>auto</c> for the first that answers or can be started.</param>
/// <param name="Model">As people write it: <c>user/repo</c>, <c>user/repo@quant</c>, <c>model:tag</c>, <c>hf.co/user/repo</c>.</param>
internal sealed record BringUpOrder(string Kind, string Model)
{
    public const string Auto = "auto";

    /// <summary>Where the model comes from: <c>huggingface</c>, <c>ollama</c>, or null for whatever its name looks like.</summary>
    public string? Source { get; init; }

    /// <summary>What the settings say, for <c>lmgateway up</c> and its route: where no backend was chosen, whichever answers.</summary>
    public static BringUpOrder Of(BringUpOptions options) => new(options.Backend ?? Auto, options.ModelOrDefault) { Source = options.ModelSource };
}

/// <summary>A moment of a bring-up, for people.</summary>
/// <param name="Message">What is being done.</param>
/// <param name="Percent">How far a download or a load is, 0 to 100; null for steps that have no measure.</param>
internal readonly record struct BringUpMoment(string Message, double? Percent = null);

/// <summary>How far a bring-up came. A failure is a result too: what was done until then is done.</summary>
internal sealed record BringUpReport(bool Success, string Message)
{
    /// <summary>What was done or found, in order, one short sentence each.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];

    /// <summary>What stood in the way, after a failure.</summary>
    public GatewayError? Error { get; init; }

    /// <summary>The loaded instance, after a success.</summary>
    public string? Identifier { get; init; }
}
