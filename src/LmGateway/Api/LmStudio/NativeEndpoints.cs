using LmGateway.Api.Http;
using LmGateway.Configuration;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LmGateway.Api.LmStudio;

/// <summary>
/// LM Studio's own REST APIs. What names a model is scheduled as on every other API; loading, unloading and downloading go through Serving and answer
/// in LM Studio's shape; the rest is handed on as it is.
/// </summary>
internal static class NativeEndpoints
{
    private const string LoadPath = "/api/v1/models/load";
    private const string UnloadPath = "/api/v1/models/unload";
    private const string DownloadPath = "/api/v1/models/download";

    private static readonly (string Path, Dialect Dialect, ModelType Wanted)[] Inference =
    [
        ("/api/v0/chat/completions", Dialect.LmStudioV0, ModelType.Llm),
        ("/api/v0/completions", Dialect.LmStudioV0, ModelType.Llm),
        ("/api/v0/embeddings", Dialect.LmStudioV0, ModelType.Embedding),
        ("/api/v1/chat", Dialect.LmStudioV1, ModelType.Llm),
    ];

    public static void MapNativeLmStudio(this IEndpointRouteBuilder routes)
    {
        foreach (var (path, dialect, wanted) in Inference)
            routes.MapPost(path, (HttpContext context, NativeInference inference) => inference.RunAsync(context, path, dialect, wanted)).Describe(NativeNotes.Inference(path));
        routes.MapPost(LoadPath, NativeLoads.LoadAsync).Describe(NativeNotes.Load);
        routes.MapPost(UnloadPath, NativeLoads.UnloadAsync).Describe(NativeNotes.Unload);
        routes.MapPost(DownloadPath, (HttpContext context, BodyBudget budget, NativeDownloads downloads) => downloads.StartAsync(context, budget)).Describe(NativeNotes.Download);
        routes.MapMethods(DownloadPath + "/status/{id}", ["GET", "HEAD"], async (string id, HttpContext context, NativeDownloads downloads, NativeReplies replies) =>
        {
            if (!await downloads.TryTellAsync(context, id)) await PassOnAsync(context, replies, Dialect.LmStudioV1);
        }).Describe(NativeNotes.DownloadStatus);
        routes.Map("/api/v0/{**rest}", (HttpContext context, NativeReplies replies) => PassOnAsync(context, replies, Dialect.LmStudioV0)).Describe(NativeNotes.Anything);
        routes.Map("/api/v1/{**rest}", (HttpContext context, NativeReplies replies) => PassOnAsync(context, replies, Dialect.LmStudioV1)).Describe(NativeNotes.Anything);
    }

    private static Task PassOnAsync(HttpContext context, NativeReplies replies, Dialect dialect) =>
        IsAnsweredHere(context.Request.Path) ? throw Methods.NotAllowed(context, "POST") : replies.PassOnAsync(context, dialect);

    private static bool IsAnsweredHere(PathString path) => path == LoadPath || path == UnloadPath || path == DownloadPath || Inference.Any(route => path == route.Path);
}

/// <summary>Inference by LM Studio's own routes: admitted like any other, answered in LM Studio's own bytes.</summary>
internal sealed class NativeInference(AnswerWriter writer, BodyBudget budget, LiveSettings settings) : IAnswerForm
{
    public async Task RunAsync(HttpContext context, string path, Dialect dialect, ModelType wanted)
    {
        var call = new InferenceCall
        {
            Context = context.Call("lmstudio"),
            Dialect = dialect,
            PathAndQuery = path + context.Request.QueryString,
            Headers = context.HeadersToPass(settings.Current),
            Wanted = wanted,
        };
        await writer.AnswerAsync(context, call, await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted), this);
    }

    public void Check(PreparedInference prepared)
    {
        if (prepared.Call.Dialect == Dialect.LmStudioV1 && prepared.UsesIntegrations && !settings.Current.Passthrough.Integrations)
            throw new GatewayException(new GatewayError(ErrorCode.Forbidden, "'integrations' run tools on LM Studio's machine and are switched off here. The setting passthrough.integrations allows them.") { Parameter = "integrations" });
    }

    public GatewayError Reword(GatewayError error, InferenceCall call) => error;

    public byte[] FailureEvent(GatewayError error, int passed, string requestId) => NativeErrors.FailureEvent(error);
}
