using System.Text.Encodings.Web;
using System.Text.Json;

namespace LmGateway.Tests.Functional;

/// <summary>One route that takes a body, with the envelope that its errors have.</summary>
internal sealed record WayIn(string Path, EnvelopeShape Shape)
{
    /// <summary>Every route of every API that takes a JSON body.</summary>
    public static IReadOnlyList<WayIn> All { get; } =
    [
        new("/v1/chat/completions", EnvelopeShape.OpenAi),
        new("/chat/completions", EnvelopeShape.OpenAi),
        new("/v1/completions", EnvelopeShape.OpenAi),
        new("/v1/embeddings", EnvelopeShape.OpenAi),
        new("/v1/responses", EnvelopeShape.OpenAi),
        new("/v1/messages", EnvelopeShape.Anthropic),
        new("/v1/messages/count_tokens", EnvelopeShape.Anthropic),
        new("/api/v0/chat/completions", EnvelopeShape.Native),
        new("/api/v0/embeddings", EnvelopeShape.Native),
        new("/api/v1/chat", EnvelopeShape.Native),
        new("/api/v1/models/load", EnvelopeShape.Native),
        new("/api/v1/models/unload", EnvelopeShape.Native),
        new("/admin/models/load", EnvelopeShape.Admin),
        new("/admin/models/unload", EnvelopeShape.Admin),
        new("/admin/models/activate", EnvelopeShape.Admin),
    ];

    public static WayIn At(string path) => All.Single(way => way.Path == path);

    /// <summary>A small body is read whole, and its faults are listed; the large ones of inference are read in passing.</summary>
    public bool TakesSmallBodies => Shape == EnvelopeShape.Admin || Path.StartsWith("/api/v1/models/", StringComparison.Ordinal);

    /// <summary>A request that this route understands.</summary>
    public string GoodBody => Path switch
    {
        _ when Path.EndsWith("embeddings", StringComparison.Ordinal) => """{"model":"text-embedding-nomic-embed-text-v1.5","input":"Hello!"}""",
        "/v1/completions" => """{"model":"qwen2-1.5b-instruct","prompt":"Hello!"}""",
        "/v1/responses" or "/api/v1/chat" => """{"model":"qwen2-1.5b-instruct","input":"Hello!"}""",
        "/api/v1/models/load" => """{"model":"qwen2-1.5b-instruct"}""",
        "/api/v1/models/unload" => """{"instance_id":"qwen2-1.5b-instruct"}""",
        _ when Shape == EnvelopeShape.Admin => """{"modelKey":"qwen2-1.5b-instruct"}""",
        _ => """{"model":"qwen2-1.5b-instruct","max_tokens":20,"messages":[{"role":"user","content":"Hello!"}]}""",
    };

    /// <summary>An error in the words of this route; <paramref name="error"/> has a name for it in each envelope that gives one.</summary>
    public string Envelope(ExpectedError error, string requestId) => Shape switch
    {
        EnvelopeShape.OpenAi => $$$"""{"error":{"message":{{{Quote(error.Message)}}},"type":{{{Quote(error.OpenAiType)}}},"param":{{{Quote(error.Parameter)}}},"code":{{{Quote(error.Code)}}}}}""",
        EnvelopeShape.Anthropic => $$$"""{"type":"error","error":{"type":{{{Quote(error.AnthropicType)}}},"message":{{{Quote(error.Message)}}}},"request_id":{{{Quote(requestId)}}}}""",
        EnvelopeShape.Native => $$$"""{"error":{"type":{{{Quote(error.NativeType)}}},"message":{{{Quote(error.Message)}}}{{{Member("code", error.NativeCode ?? error.Code)}}}{{{Member("param", error.Parameter)}}}}}""",
        _ => $$"""{"error":{{Quote(error.Message)}}}""",
    };

    private static string Member(string name, string? value) => value is null ? "" : $",\"{name}\":{Quote(value)}";

    private static string Quote(string? text) => text is null ? "null" : $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}

internal enum EnvelopeShape
{
    OpenAi,
    Anthropic,
    Native,
    Admin,
}

/// <summary>What every envelope is to say of one error.</summary>
internal sealed record ExpectedError(string Message)
{
    public string? Code { get; init; }
    public string? NativeCode { get; init; }
    public string? Parameter { get; init; }
    public string OpenAiType { get; init; } = "invalid_request_error";
    public string AnthropicType { get; init; } = "invalid_request_error";
    public string NativeType { get; init; } = "invalid_request";
}
