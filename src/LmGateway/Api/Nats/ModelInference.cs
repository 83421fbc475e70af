using System.Buffers;
using LmGateway.Configuration;
using LmGateway.Serving;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Nats;

/// <summary>Chats and embeddings with one reply. A model is never filled in: the request names it.</summary>
internal sealed class ModelInference(InferencePipeline pipeline, ModelFinder finder, NatsTexts texts, LiveSettings settings)
{
    private static readonly (Dialect Dialect, string Path) Native = (Dialect.LmStudioV0, "/api/v0/chat/completions");
    private static readonly (Dialect Dialect, string Path) OpenAi = (Dialect.OpenAiChat, "/v1/chat/completions");
    private static readonly (Dialect Dialect, string Path) Embeddings = (Dialect.OpenAiEmbeddings, "/v1/embeddings");

    /// <summary>LM Studio's own chat API where the model's backend speaks it, OpenAI's elsewhere.</summary>
    public async Task<NatsAnswer> ChatAsync(NatsCall call, CancellationToken cancellationToken)
    {
        var payload = InferencePayload.Read(call.Body, "ChatModel", streamed: false, texts);
        var model = await finder.FindAsync(payload.Model, ModelType.Llm, call.Context.Grant, cancellationToken);
        var route = model.Backend.Traits.Dialects.Contains(Dialect.LmStudioV0) ? Native : OpenAi;
        return await RunAsync(Call(call, payload, route), cancellationToken);
    }

    public Task<NatsAnswer> EmbedAsync(NatsCall call, CancellationToken cancellationToken)
    {
        var payload = InferencePayload.Read(call.Body, "Embed", streamed: false, texts);
        return RunAsync(Call(call, payload, Embeddings) with { Wanted = ModelType.Embedding }, cancellationToken);
    }

    /// <summary>A chat that is to be streamed, ready to start. Bad input ends here.</summary>
    public PreparedInference PrepareStream(NatsCall call) =>
        pipeline.Prepare(Call(call, InferencePayload.Read(call.Body, "ChatStream", streamed: true, texts), OpenAi));

    private async Task<NatsAnswer> RunAsync(InferenceCall call, CancellationToken cancellationToken)
    {
        await using var answer = await pipeline.StartAsync(pipeline.Prepare(call), cancellationToken);
        var whole = await BackendReply.ReadAsync(answer.Status, answer.Blocks(cancellationToken), settings.Current.Limits.ReplyBytes);
        return whole.ToAnswer("response");
    }

    private static InferenceCall Call(NatsCall call, InferencePayload payload, (Dialect Dialect, string Path) route) => new()
    {
        Context = call.Context,
        Dialect = route.Dialect,
        PathAndQuery = route.Path,
        Body = new ReadOnlySequence<byte>(payload.Body),
        FillsInModel = false,
    };
}
