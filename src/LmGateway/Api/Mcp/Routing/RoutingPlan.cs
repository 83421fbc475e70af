using System.Text.Json;
using LmGateway.Events;

namespace LmGateway.Api.Mcp.Routing;

/// <summary>Which agents take the work, and why.</summary>
internal static class RoutingPlan
{
    private const int RuleConfidence = 100;
    private const int TagConfidence = 85;

    /// <summary>One instruction for each agent, by the first rule that fits, in the order of the rules.</summary>
    public static JsonElement Make(RoutingConfig config, RoutingFacts facts) => McpJson.Object(writer =>
    {
        var routed = new HashSet<string>(StringComparer.Ordinal);
        writer.WriteStartArray("instructions");
        foreach (var rule in config.Rules)
        {
            if (rule.Condition.Test(facts) is not { } trigger) continue;
            foreach (var name in rule.Agents)
                if (routed.Add(name)) WriteInstruction(writer, config.Agents.First(agent => agent.Name == name), trigger, rule, facts);
        }

        writer.WriteEndArray();
    });

    private static void WriteInstruction(Utf8JsonWriter writer, RoutedAgent agent, RoutingTrigger trigger, RoutingRule rule, RoutingFacts facts)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("trigger");
        writer.WriteString("name", trigger.Name);
        writer.WriteString("description", rule.Description ?? trigger.Detail);
        writer.WriteEndObject();
        writer.WriteStartObject("context");
        writer.WriteGiven("instructions", agent.Instructions);
        writer.WriteList("files", trigger.Files.Count > 0 ? trigger.Files : facts.Files);
        writer.WriteNumber("confidence", trigger.ByModel ? TagConfidence : RuleConfidence);
        writer.WriteNumber("priority", agent.Priority);
        writer.WriteEndObject();
        writer.WriteStartObject("route_to_agent");
        writer.WriteString("name", agent.Name);
        writer.WriteString("description", agent.Description);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
