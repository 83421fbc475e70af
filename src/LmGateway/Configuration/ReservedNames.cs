namespace LmGateway.Configuration;

/// <summary>
/// Environment names that no setting reads, accepted in silence: those of the five documents, so that a <c>.env</c> written for any of them is a
/// good one, and the one by which commands find a service. A name leaves this list when a setting takes it as an alias.
/// </summary>
internal static class ReservedNames
{
    /// <summary>The names, each with what it belongs to.</summary>
    public static IReadOnlyDictionary<string, string> Notes { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["LMGATEWAY_URL"] = "where commands look for the running service; the service itself does not read it",
        ["LMSTUDIO_LOG_DIR"] = "log files; LM Studio's log comes over its connection here",
        ["NODE_ENV"] = "Node.js; it means nothing here",
    };

    public static bool Contains(string name) => Notes.ContainsKey(name);
}
