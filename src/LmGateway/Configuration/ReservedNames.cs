namespace LmGateway.Configuration;

/// <summary>
/// Environment names of the five documents that no setting of this version reads. They are accepted in silence, so that
/// a <c>.env</c> written for any of the documents is a good one; a name leaves this list when a setting takes it as an alias.
/// </summary>
internal static class ReservedNames
{
    /// <summary>The names, each with what it belongs to.</summary>
    public static IReadOnlyDictionary<string, string> Notes { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["BACKEND"] = "the MCP tools",
        ["MODEL_NAME"] = "the MCP tools",
        ["MODEL_SOURCE"] = "the MCP tools",
        ["OLLAMA_URL"] = "the Ollama backend",
        ["THINKING_MODE"] = "the MCP tools",
        ["TEMPERATURE"] = "the MCP tools",
        ["AGENTS_CONFIG_PATH"] = "the MCP tools",
        ["RULES_CONFIG_PATH"] = "the MCP tools",
        ["LLM_TAGS_CONFIG_PATH"] = "the MCP tools",
        ["LMSTUDIO_LOG_DIR"] = "the debug API",
        ["ENABLE_LOG_MONITORING"] = "the debug API",
        ["NODE_ENV"] = "Node.js; it means nothing here",
    };

    public static bool Contains(string name) => Notes.ContainsKey(name);
}
