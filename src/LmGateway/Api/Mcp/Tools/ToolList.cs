using System.Collections.Frozen;

namespace LmGateway.Api.Mcp.Tools;

/// <summary>Every tool there is, in the order in which clients see them.</summary>
internal sealed class ToolList(IEnumerable<McpTool> tools)
{
    private readonly FrozenDictionary<string, McpTool> byName = tools.ToFrozenDictionary(tool => tool.Card.Name, StringComparer.Ordinal);

    public IReadOnlyList<McpTool> All { get; } = [.. tools];

    public McpTool? Find(string name) => byName.GetValueOrDefault(name);
}
