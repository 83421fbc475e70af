using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>A request that is refused with a status and LM Studio's body for it.</summary>
internal sealed class HttpErrorException(int status, string message, JsonObject body) : Exception(message)
{
    public int Status { get; } = status;

    public JsonObject Body { get; } = body;
}

/// <summary>LM Studio's error shapes, which differ from route to route, and its literal texts.</summary>
internal static class HttpError
{
    public const string ComputeError = "Compute error.";
    public const string ModelUnloaded = "Model is unloaded.";
    public const string NoModelsLoaded = "No models loaded. Please load a model in the developer page or use the 'lms load' command.";

    private const string TokenRequired =
        "An LM Studio API token is required to make requests to this server, but none was provided using the Authorization header using the 'Bearer' scheme "
        + "(i.e., 'Authorization: Bearer $LM_API_TOKEN'). Learn more at: https://lmstudio.ai/docs/developer/core/authentication.";

    /// <summary>The older routes: the error is a plain string.</summary>
    public static HttpErrorException Plain(string message, int status = 400) => new(status, message, new JsonObject { ["error"] = message });

    /// <summary>The newer OpenAI shape.</summary>
    public static HttpErrorException OpenAi(string message, string? param, string? code, int status = 400) => new(status, message, new JsonObject
    {
        ["error"] = new JsonObject { ["message"] = message, ["type"] = "invalid_request_error", ["param"] = param, ["code"] = code },
    });

    /// <summary>The native API v1.</summary>
    public static HttpErrorException Native(int status, string type, string message, string? code = null, string? param = null)
    {
        var error = new JsonObject { ["type"] = type, ["message"] = message };
        if (code is not null) error["code"] = code;
        if (param is not null) error["param"] = param;
        return new HttpErrorException(status, message, new JsonObject { ["error"] = error });
    }

    /// <summary>The Anthropic shape of <c>/v1/messages</c>.</summary>
    public static HttpErrorException Anthropic(int status, string type, string message) => new(status, message, new JsonObject
    {
        ["type"] = "error",
        ["error"] = new JsonObject { ["type"] = type, ["message"] = message },
    });

    /// <summary>The body of an unknown route or method, which comes with status 200.</summary>
    public static HttpErrorException Unexpected(string method, string path) => Plain($"Unexpected endpoint or method. ({method} {path})", 200);

    /// <summary>The answer when authentication is on and the token is missing or wrong.</summary>
    public static HttpErrorException Unauthorized() => Native(401, "invalid_request", TokenRequired, "invalid_api_key");

    /// <summary>What the OpenAI routes say when the engine refuses.</summary>
    public static HttpErrorException OpenAi(EngineError error, string model) => error.Kind switch
    {
        EngineErrorKind.PathNotFound => OpenAi(
            $"Invalid model identifier \"{model}\". Please specify a valid downloaded model (e.g., {string.Join(", ", error.Sample.Take(3))}).",
            "model",
            "model_not_found"),
        EngineErrorKind.DomainMismatch => Plain(
            $"Failed to load model \"{model}\". Error: Model is of type {Text(error.ActualDomain)}, not {Text(error.ExpectedDomain)}."),
        EngineErrorKind.InsufficientMemory or EngineErrorKind.LoadFailed => OpenAi($"Failed to load model \"{model}\". Error: {error.Message}", "model", null),
        _ => Plain(error.Message),
    };

    /// <summary>What the native API v1 says when the engine refuses.</summary>
    public static HttpErrorException Native(EngineError error) => error.Kind switch
    {
        EngineErrorKind.PathNotFound => Native(404, "model_not_found", $"Model {error.Subject} not found in downloaded models", "model_not_found", "model"),
        EngineErrorKind.IdentifierNotFound => Native(
            404, "model_not_found", $"No model instance with id '{error.Subject}' is loaded.", "model_not_found", "instance_id"),
        EngineErrorKind.DownloadNotFound => Native(404, "model_not_found", error.Message, "model_not_found", "model"),
        EngineErrorKind.DomainMismatch => Native(400, "invalid_request", error.Message, "invalid_value", "model"),
        EngineErrorKind.InsufficientMemory or EngineErrorKind.LoadFailed => Native(500, "model_load_failed", error.Message),
        _ => Native(400, "invalid_request", error.Message),
    };

    private static string Text(ModelDomain? domain) => domain == ModelDomain.Embedding ? "embedding" : "llm";
}
