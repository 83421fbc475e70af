using LmGateway.Api.Http;

namespace LmGateway.Api.LmStudio;

/// <summary>What LM Studio's own routes are for.</summary>
internal static class NativeNotes
{
    private const string Group = "LM Studio";
    private const string Errors = "NativeError";

    public static RouteNote Load { get; } = new(Group, "Loads a model")
    {
        Takes = new("NativeLoadRequest", """{"model": "granite-3.0-2b-instruct", "context_length": 4096}"""),
        Gives = [new("NativeLoaded", """{"type": "llm", "instance_id": "granite-3.0-2b-instruct", "load_time_seconds": 1.7, "status": "loaded"}""")],
        Errors = Errors,
    };

    public static RouteNote Unload { get; } = new(Group, "Unloads an instance")
    {
        Takes = new("NativeUnloadRequest", """{"instance_id": "granite-3.0-2b-instruct"}"""),
        Gives = [new("NativeUnloaded", """{"instance_id": "granite-3.0-2b-instruct"}""")],
        Errors = Errors,
    };

    public static RouteNote Download { get; } = new(Group, "Begins to download a model")
    {
        Takes = new("NativeDownloadRequest", """{"model": "qwen/qwen3-4b-2507"}"""),
        Gives = [new("NativeDownload", """{"status": "already_downloaded"}""")],
        Errors = Errors,
    };

    public static RouteNote DownloadStatus { get; } = new(Group, "How far a download is")
    {
        Parameters = [new("id", "The download's job_id")],
        Gives = [new("NativeDownload")],
        Errors = Errors,
    };

    public static RouteNote Anything { get; } = new(Group, "Hands everything else of LM Studio's API on as it is")
    {
        Parameters = [new("rest", "The rest of the path", "models")],
        Errors = Errors,
    };

    public static RouteNote Inference(string path) => new(Group, $"{Does(path)}, answered in LM Studio's own words")
    {
        Details = "A model that is not loaded is loaded first. The fields are LM Studio's.",
        Takes = new(null, Example(path)),
        Gives = [new(null), new(null) { MediaType = ContentNote.EventStream }],
        Errors = Errors,
    };

    private static string Does(string path) => path switch
    {
        "/api/v0/completions" => "Continues a text",
        "/api/v0/embeddings" => "Turns texts into vectors",
        _ => "Chats",
    };

    private static string Example(string path) => path switch
    {
        "/api/v0/completions" => """{"model": "qwen2-1.5b-instruct", "prompt": "Once upon a time", "max_tokens": 20}""",
        "/api/v0/embeddings" => """{"model": "text-embedding-nomic-embed-text-v1.5", "input": "Hello!"}""",
        "/api/v1/chat" => """{"model": "qwen2-1.5b-instruct", "input": "Hello!"}""",
        _ => """{"model": "qwen2-1.5b-instruct", "messages": [{"role": "user", "content": "Hello!"}]}""",
    };
}
