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
        ["LMSTUDIO_LOG_DIR"] = "log files; LM Studio's log comes over its connection here",
        ["NODE_ENV"] = "Node.js; it means nothing here",
    };

    public static bool Contains(string name) => Notes.ContainsKey(name);
}
