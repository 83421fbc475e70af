namespace LmGateway.Api.Mcp.Routing;

/// <summary>An agent that work can be routed to; it runs elsewhere.</summary>
internal sealed record RoutedAgent(string Name, string Description)
{
    public const int UsualPriority = 50;

    /// <summary>What to tell it besides the task.</summary>
    public string? Instructions { get; init; }

    public int Priority { get; init; } = UsualPriority;
}

/// <summary>A kind of work that the model recognises.</summary>
internal sealed record RoutingTag(string Name, string Description, IReadOnlyList<string> Examples);

/// <summary>When its condition holds, work goes to its agents.</summary>
internal sealed record RoutingRule(string? Description, RoutingCondition Condition, IReadOnlyList<string> Agents);

/// <summary>What <c>get_instructions</c> decides by: three files, read anew for each call, so that a change counts at once.</summary>
internal sealed record RoutingConfig(IReadOnlyList<RoutedAgent> Agents, IReadOnlyList<RoutingRule> Rules, IReadOnlyList<RoutingTag> Tags)
{
    /// <summary>The model has to be asked.</summary>
    public bool NeedsTags => Rules.Any(rule => rule.Condition.NeedsTags);
}

/// <summary>One of the three files cannot be used; the message names it and the fault.</summary>
internal sealed class RoutingConfigException(string message) : Exception(message);
