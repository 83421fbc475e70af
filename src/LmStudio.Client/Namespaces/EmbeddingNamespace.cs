using LmStudio.Client.Sockets;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Namespaces;

/// <summary>Embedding models: <c>/embedding</c>.</summary>
public sealed class EmbeddingNamespace : ModelNamespace
{
    internal EmbeddingNamespace(NamespaceSocket socket, LmStudioClientOptions options)
        : base(socket, options, forEmbedding: true)
    {
    }

    /// <summary>The vector of one text. There is no batch form; call it several times at once.</summary>
    public Task<IReadOnlyList<double>> EmbedAsync(ModelSpecifier model, string text, CancellationToken cancellationToken = default) =>
        Socket.CallAsync(
            WithInput("embedString", "modelSpecifier", model, text),
            result => Results.Numbers(result, "embedding"),
            cancellationToken,
            Options.ChannelIdleTimeout);
}
