using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary>The gateway's errors in words that tell a model what to do next.</summary>
internal static class ToolErrors
{
    public static string Text(GatewayError error) => Advice(error) is { } advice && !error.Message.Contains(advice, StringComparison.Ordinal)
        ? $"{Sentence(error.Message)} {advice}"
        : error.Message;

    private static string? Advice(GatewayError error) => error.Code switch
    {
        ErrorCode.ModelRequired => "Name one in 'model' (list_models tells which there are), set MODEL_NAME, or load one with load_model.",
        ErrorCode.ModelNotFound => "list_models tells which models there are; pull_model downloads another one.",
        ErrorCode.ModelNotAllowed => "Use another model; list_models tells which there are.",
        ErrorCode.Forbidden => "Use what this key allows (list_models tells its models), or ask the person for another key.",
        ErrorCode.RateLimited => "Call again then; other tools that generate nothing still work.",
        ErrorCode.ContextLengthExceeded => "Send a shorter prompt, or load the model with a larger context_length.",
        ErrorCode.QueueFull or ErrorCode.Overloaded => "The model is busy: call again in a while, or use start_job.",
        ErrorCode.Draining => "The service is stopping: call again once it is back.",
        ErrorCode.BackendUnreachable or ErrorCode.ControlUnavailable => "Run init_llm to start the backend, or start it by hand; server_status tells more.",
        ErrorCode.BackendTimeout => "Call again with a shorter prompt, a smaller model or a larger timeout_seconds, or use start_job.",
        ErrorCode.BackendFault or ErrorCode.LoadFailed => "Call again; if it fails again, try another model or look at server_status.",
        ErrorCode.InsufficientMemory => "Unload another model with unload_model, load with a smaller context_length, or use a smaller model.",
        ErrorCode.InstanceInUse => "Call again when it is idle.",
        ErrorCode.JobNotFound => "Start it again with start_job.",
        ErrorCode.Internal => "The service's log says why.",
        _ => null,
    };

    private static string Sentence(string text) => text.Length > 0 && text[^1] is '.' or '!' or '?' or '…' ? text : text + ".";
}
