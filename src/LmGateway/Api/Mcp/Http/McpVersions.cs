namespace LmGateway.Api.Mcp.Http;

/// <summary>The revisions of the protocol that are spoken here.</summary>
internal static class McpVersions
{
    /// <summary>The first one without sessions: each request says by itself who calls, and headers repeat what the body says.</summary>
    public const string Stateless = "2026-07-28";

    /// <summary>What a client speaks that sends no header.</summary>
    public const string Assumed = "2025-03-26";

    public static IReadOnlyList<string> All { get; } = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", Stateless];

    /// <summary>Revisions are dates, so the order of texts is theirs.</summary>
    public static bool IsStateless(string version) => string.CompareOrdinal(version, Stateless) >= 0;
}
