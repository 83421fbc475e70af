using LmGateway.Api.Http;

namespace LmGateway.Api.Admin;

/// <summary>What the routes of the admin API are for.</summary>
internal static class AdminNotes
{
    private const string Group = "admin";
    private const string Errors = "AdminError";

    public static RouteNote List { get; } = new(Group, "Lists what is loaded and what is downloaded") { Gives = [new("AdminModels")], Errors = Errors };

    public static RouteNote Load { get; } = new(Group, "Loads a model with its configuration")
    {
        Details = "What does not hold after the load is listed under `notApplied`.",
        Takes = new("AdminLoadRequest", """{"modelKey": "qwen2-1.5b-instruct", "instanceId": "primary", "loadConfig": {"contextLength": 8192, "gpu": {"ratio": 1.0}}, "activate": true}"""),
        Gives = [new("AdminLoaded", """{"status": "loaded", "modelKey": "qwen2-1.5b-instruct", "instanceId": "primary", "activated": true, "totalTimeMs": 340, "message": "Model loaded successfully via LM Studio SDK"}""")],
        Errors = Errors,
    };

    public static RouteNote Unload { get; } = new(Group, "Unloads an instance")
    {
        Details = "409 where the model has several instances, which are listed, and none is named.",
        Takes = new("AdminUnloadRequest", """{"modelKey": "qwen2-1.5b-instruct", "instanceId": "primary"}"""),
        Gives = [new("AdminUnloaded", """{"status": "unloaded", "modelKey": "qwen2-1.5b-instruct", "instanceId": "primary", "totalTimeMs": 27, "message": "Model unloaded successfully via LM Studio SDK"}""")],
        Errors = Errors,
    };

    public static RouteNote Catalog { get; } = new(Group, "Lists every model with all that is known of it, and its instances") { Gives = [new("ModelCatalog")], Errors = Errors };

    public static RouteNote Estimate { get; } = new(Group, "Tells what a load would need, and whether it fits")
    {
        Details = "400 where the backend does not tell.",
        Takes = new("AdminLoadRequest", """{"modelKey": "qwen2-1.5b-instruct", "loadConfig": {"contextLength": 8192}}"""),
        Gives = [new("LoadEstimate")],
        Errors = Errors,
    };

    public static RouteNote Activate { get; } = new(Group, "Makes a model the one that answers requests which name none")
    {
        Takes = new("AdminActivateRequest", """{"modelKey": "qwen2-1.5b-instruct", "defaultInference": {"temperature": 0.7, "maxTokens": 1024}}"""),
        Gives = [new("AdminActivated", """{"status": "activated", "modelKey": "qwen2-1.5b-instruct", "instanceId": null, "defaultInference": {"temperature": 0.7, "maxTokens": 1024}, "message": "Model activated successfully"}""")],
        Errors = Errors,
    };

    public static RouteNote Up { get; } = new(Group, "Makes a model ready: backend started, model downloaded, model loaded")
    {
        Details = "Does only what is missing. With `stream` each step is told in a line as it happens, and the last line says how it ended. Of a failure `details` are the steps that were done before it.",
        Takes = new("UpRequest", """{"modelKey": "qwen2-1.5b-instruct", "backend": "lmstudio"}"""),
        Gives =
        [
            new("Ready", """{"status": "ready", "modelKey": "qwen2-1.5b-instruct", "identifier": "qwen2-1.5b-instruct", "steps": ["LM Studio already running", "Model qwen2-1.5b-instruct already installed", "Model qwen2-1.5b-instruct already loaded"], "message": "LLM ready for routing"}"""),
            new("UpLine", """{"type": "progress", "message": "Downloading model: 40%", "percent": 40.2}""") { MediaType = ContentNote.JsonLines },
        ],
        Errors = Errors,
    };

    public static RouteNote Search { get; } = new(Group, "Searches for models to download")
    {
        Parameters = [new("q", "Words of the name; all recommended models where absent"), new("limit", "At most so many, 1 to 25; 10 where absent")],
        Gives = [new("FoundModels")],
        Errors = Errors,
    };

    public static RouteNote Download { get; } = Transfer("Downloads a model", "DownloadRequest", """{"identifier": "qwen/qwen3-4b-2507", "wait": true}""");

    public static RouteNote Sync { get; } = Transfer("Copies a model from the repository in NATS into the models folder", "SyncRequest");

    public static RouteNote Publish { get; } = Transfer("Copies a model into the repository in NATS", "PublishRequest");

    public static RouteNote Delete { get; } = new(Group, "Deletes a model's files")
    {
        Details = "409 while it is answering requests, unless forced.",
        Methods = ["DELETE"],
        Parameters = [new("key", "The model's key, slashes and all"), new("force", "`true` unloads it even while it answers")],
        Gives = [new("DeletedModel")],
        Errors = Errors,
    };

    public static RouteNote Keys { get; } = new(Group, "Lists the named keys, without their secrets") { Gives = [new("Keys")], Errors = Errors };

    public static RouteNote NewKey { get; } = new(Group, "Makes a named key")
    {
        Details = "The secret is in this reply and nowhere else.",
        Takes = new("NewKeyRequest"),
        Gives = [new("NewKey")],
        Errors = Errors,
    };

    public static RouteNote RevokeKey { get; } = new(Group, "Revokes a named key") { Parameters = [new("name", "The key's name")], Gives = [new("RevokedKey")], Errors = Errors };

    public static RouteNote Reload { get; } = new(Group, "Reads the configuration again")
    {
        Details = "Requests under way end with the settings that they began with. 400 lists what is wrong with a configuration that was refused; nothing has changed then.",
        Gives = [new("Reloaded", """{"reloaded": true, "changed": ["scheduling.queue_limit"], "needRestart": [], "warnings": []}""")],
        Errors = Errors,
    };

    public static RouteNote Jobs { get; } = new(Group, "Lists downloads, copies and deletions, done or under way") { Gives = [new("Jobs")], Errors = Errors };

    public static RouteNote Job { get; } = new(Group, "One of them") { Parameters = [JobId], Gives = [new("Job")], Errors = Errors };

    public static RouteNote Cancel { get; } = new(Group, "Ends one of them before its time")
    {
        Details = "Answers when it has ended.",
        Parameters = [JobId],
        Gives = [new("Job")],
        Errors = Errors,
    };

    public static RouteNote Settings { get; } = new(Group, "Shows the settings that are not at their defaults")
    {
        Details = "Without secrets. Values are texts, as settings are written on the command line.",
        Gives = [new("Settings")],
        Errors = Errors,
    };

    private static ParameterNote JobId => new("id", "The job's id");

    private static RouteNote Transfer(string summary, string request, string? example = null) => new(Group, summary)
    {
        Details = "Answers at once with a job, or with `wait` when it has ended. `Location` has the job's address.",
        Takes = new(request, example),
        Gives = [new("Job")],
        Begins = new("Job"),
        Errors = Errors,
    };
}
