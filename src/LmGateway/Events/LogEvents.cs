using System.Text.Json;

namespace LmGateway.Events;

/// <summary>A line of a backend's own log.</summary>
internal sealed record BackendLogLine(string Backend, string Level, string Message) : GatewayEvent("debug.log")
{
    /// <summary>The part of the backend that wrote it, where it says so.</summary>
    public string? Engine { get; init; }
    public string? InstanceId { get; init; }

    public override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("backend", Backend);
        json.WriteString("level", Level);
        json.WriteString("message", Message);
        json.WriteKnown("engine", Engine);
        json.WriteKnown("instanceId", InstanceId);
    }
}

/// <summary>Figures that stand in a line of a backend's own log. <paramref name="Fact"/> is the event's subject.</summary>
internal sealed record BackendLogFact(string Fact, string Backend, string? InstanceId, IReadOnlyList<KeyValuePair<string, double>> Figures) : GatewayEvent(Fact)
{
    public override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("backend", Backend);
        json.WriteKnown("instanceId", InstanceId);
        foreach (var (name, value) in Figures) json.WriteNumber(name, value);
    }
}
