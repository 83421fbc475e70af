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

    public static RouteNote Activate { get; } = new(Group, "Makes a model the one that answers requests which name none")
    {
        Takes = new("AdminActivateRequest", """{"modelKey": "qwen2-1.5b-instruct", "defaultInference": {"temperature": 0.7, "maxTokens": 1024}}"""),
        Gives = [new("AdminActivated", """{"status": "activated", "modelKey": "qwen2-1.5b-instruct", "instanceId": null, "defaultInference": {"temperature": 0.7, "maxTokens": 1024}, "message": "Model activated successfully"}""")],
        Errors = Errors,
    };
}
