namespace LmGateway.Api.Mcp.Routing;

/// <summary>What is known of the work to route.</summary>
internal sealed record RoutingFacts(string Task, string Intent)
{
    public const int LongestText = 10_000;
    public const int MostFiles = 100;
    public const int LongestPath = 1000;
    public const int LongestBranch = 200;

    public string? OriginalPrompt { get; init; }
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>The git branch that is checked out; null where there is none.</summary>
    public string? Branch { get; init; }

    /// <summary>The tags that the model has chosen.</summary>
    public IReadOnlySet<string> Tags { get; init; } = new HashSet<string>();

    /// <summary>Everything that was said.</summary>
    public IEnumerable<string> Texts
    {
        get
        {
            yield return Task;
            yield return Intent;
            if (OriginalPrompt is { } prompt) yield return prompt;
        }
    }
}
