using LmStudio.Client.Sockets;

namespace LmStudio.Client.Namespaces;

/// <summary>Language models: <c>/llm</c>.</summary>
public sealed class LlmNamespace : ModelNamespace
{
    internal LlmNamespace(NamespaceSocket socket, LmStudioClientOptions options)
        : base(socket, options, forEmbedding: false)
    {
    }
}
