using System.Runtime.CompilerServices;
using LmStudio.Client.Sockets;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Namespaces;

/// <summary>Language models: <c>/llm</c>.</summary>
public sealed class LlmNamespace : ModelNamespace
{
    internal LlmNamespace(NamespaceSocket socket, LmStudioClientOptions options)
        : base(socket, options, forEmbedding: false)
    {
    }

    /// <summary>
    /// Continues a conversation. Cancelling the token, or leaving the enumeration early, sends the protocol's cancel at once.
    /// </summary>
    public IAsyncEnumerable<PredictionEvent> PredictAsync(PredictionRequest request, CancellationToken cancellationToken = default) =>
        StreamAsync(SocketRequest.WithMembers("predict", request.Write), cancellationToken);

    /// <summary>Continues a text without any template. Missing in older versions.</summary>
    public IAsyncEnumerable<PredictionEvent> CompleteRawTextAsync(
        ModelSpecifier model, string prompt, PredictionConfiguration? configuration = null, CancellationToken cancellationToken = default)
    {
        var settings = configuration ?? new PredictionConfiguration();
        var request = SocketRequest.WithMembers("completeRawText", writer =>
        {
            model.Write(writer, "modelSpecifier");
            writer.WriteString("rawPrompt", prompt);
            KvConfig.WriteStack(writer, "predictionConfigStack", (settings with { StopStrings = settings.StopStrings ?? [] }).ToConfig());
        });
        return StreamAsync(request, cancellationToken);
    }

    /// <summary>The prompt text that a conversation becomes.</summary>
    public Task<string> ApplyPromptTemplateAsync(
        ModelSpecifier model, ChatHistory history, PromptTemplateOptions? options = null, CancellationToken cancellationToken = default)
    {
        var request = SocketRequest.WithMembers("applyPromptTemplate", writer =>
        {
            model.Write(writer, "specifier");
            history.Write(writer);
            KvConfig.WriteStack(writer, "predictionConfigStack", options?.Configuration?.ToConfig());
            (options ?? new PromptTemplateOptions()).Write(writer);
        });
        return Socket.CallAsync(request, result => Results.Text(result, "formatted"), cancellationToken);
    }

    /// <summary>Loads the draft model that speculative decoding with this instance will want.</summary>
    public Task PreloadDraftModelAsync(ModelSpecifier model, string draftModelKey, CancellationToken cancellationToken = default)
    {
        var request = SocketRequest.WithMembers("preloadDraftModel", writer =>
        {
            model.Write(writer, "specifier");
            writer.WriteString("draftModelKey", draftModelKey);
        });
        return Socket.CallAsync(request, cancellationToken, Options.ChannelIdleTimeout);
    }

    private async IAsyncEnumerable<PredictionEvent> StreamAsync(SocketRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = await Socket.OpenChannelAsync(request, cancellationToken).ConfigureAwait(false);
        await using var disposal = channel.ConfigureAwait(false);
        await foreach (var message in channel.ReadAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false))
        {
            if (PredictionEvent.TryRead(message) is not { } happened) continue;
            if (happened is PredictionEvent.Finished) channel.Finish();
            yield return happened;
            if (happened is PredictionEvent.Finished) yield break;
        }

        throw channel.ClosedEarly();
    }
}
