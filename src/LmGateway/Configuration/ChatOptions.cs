namespace LmGateway.Configuration;

/// <summary>The plain REST API: <c>/chat</c> and the routes below it.</summary>
internal sealed record ChatOptions
{
    [Setting("chat.default_regular_model", "Model of /chat/regular, and of /chat where a request names none.", Aliases = ["DEFAULT_REGULAR_MODEL"])]
    public string DefaultRegularModel { get; init; } = "qwen/qwen3-4b-2507";

    [Setting("chat.default_vision_model", "Model of /chat/vision.", Aliases = ["DEFAULT_VISION_MODEL"])]
    public string DefaultVisionModel { get; init; } = "qwen3-vl-4b-instruct";

    [Setting("chat.timeout_seconds", "Time limit of an answer on /chat and the routes below it, from when the request is sent to the backend; of a stream, its longest silence.",
        Aliases = ["LLM_TIMEOUT"], Min = 1, Max = 86400, Unit = "s")]
    public int TimeoutSeconds { get; init; } = 300;

    public TimeSpan Timeout => TimeSpan.FromSeconds(TimeoutSeconds);
}
