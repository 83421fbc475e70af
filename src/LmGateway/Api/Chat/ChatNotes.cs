using LmGateway.Api.Http;

namespace LmGateway.Api.Chat;

/// <summary>What the routes of the plain REST API are for.</summary>
internal static class ChatNotes
{
    private const string Group = "plain REST";
    private const string Errors = "ChatError";

    public static RouteNote Load { get; } = new(Group, "Loads a model")
    {
        Details = "The status is 200 in any case; `loaded` says whether it worked. `exclusive` unloads everything else first.",
        Takes = new("LoadRequest", """{"model_key": "qwen/qwen3-4b-2507", "exclusive": true}"""),
        Gives = [new("LoadReply", """{"loaded": true, "model": {"key": "qwen/qwen3-4b-2507", "display_name": "Qwen3 4B 2507"}, "error": null}""")],
        Errors = Errors,
    };

    public static RouteNote Unload { get; } = new(Group, "Unloads one model, or all")
    {
        Details = "The status is 200 in any case; `success` says whether it worked.",
        Takes = new("UnloadRequest", """{"unload_all": true}"""),
        Gives = [new("UnloadReply", """{"success": true, "unloaded_keys": ["qwen/qwen3-4b-2507"], "error": null}""")],
        Errors = Errors,
    };

    public static RouteNote Of(ChatRoute route) => new(Group, $"Chats with {Model(route.Kind)}{(route.Streamed ? ", line by line" : "")}")
    {
        Details = route.Streamed ? "One JSON object a line, each sent as soon as it is there; the last one has the type `done` or `error`." : null,
        Takes = new("ChatRequest", Example(route.Kind)),
        Gives = [route.Streamed
            ? new("ChatLine", "{\"type\":\"fragment\",\"content\":\"4\"}\n{\"type\":\"done\",\"model\":\"qwen/qwen3-4b-2507\",\"predicted_tokens\":1,\"stop_reason\":\"stop\"}\n") { MediaType = ContentNote.JsonLines }
            : new("ChatReply", """{"model": "qwen/qwen3-4b-2507", "content": "4", "stop_reason": "stop", "predicted_tokens": 1}""")],
        Errors = Errors,
    };

    private static string Model(ChatKind kind) => kind switch
    {
        ChatKind.Regular => "the default model for text",
        ChatKind.Vision => "the default model for images",
        _ => "the model that the request names",
    };

    private static string Example(ChatKind kind) => kind switch
    {
        ChatKind.Regular => """{"messages": [{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": "What is 2+2?"}], "config": {"temperature": 0.7, "maxTokens": 100}}""",
        ChatKind.Vision => """{"messages": [{"role": "user", "content": "What is in this image?", "images": [{"data_base64": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "mime_type": "image/png"}]}], "config": {"temperature": 0.6, "maxTokens": 200}}""",
        _ => """{"model_key": "qwen2-1.5b-instruct", "messages": [{"role": "user", "content": "Hello!"}]}""",
    };
}
