using System.Text.Json;

namespace LmGateway.Events;

/// <summary>The number of requests that wait for a model changed.</summary>
internal sealed record QueueChanged(string Backend, string ModelKey, int Waiting) : GatewayEvent("queue.change")
{
    public override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("modelKey", ModelKey);
        json.WriteString("backend", Backend);
        json.WriteNumber("waiting", Waiting);
    }
}

/// <summary>A backend that could not be reached answers again, or for the first time.</summary>
internal sealed record BackendUp(string Backend, string Kind, string? Version) : GatewayEvent("backend.up")
{
    public override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("backend", Backend);
        json.WriteString("kind", Kind);
        json.WriteKnown("version", Version);
    }
}

internal sealed record BackendDown(string Backend, string? Problem) : GatewayEvent("backend.down")
{
    public override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("backend", Backend);
        json.WriteString("error", Problem);
    }
}

/// <summary>The configuration file was read anew; these keys changed.</summary>
internal sealed record ConfigurationReloaded(IReadOnlyList<string> Changed) : GatewayEvent("configuration.reloaded")
{
    /// <summary>Changed keys that come into force with the next start.</summary>
    public IReadOnlyList<string> NeedRestart { get; init; } = [];

    public override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteTexts("changed", Changed);
        json.WriteTexts("needRestart", NeedRestart);
    }
}

/// <summary>The configuration file has faults; what held before still holds.</summary>
internal sealed record ConfigurationRefused(IReadOnlyList<string> Faults) : GatewayEvent("configuration.refused")
{
    public override string Name => "error";

    public override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("operation", "configuration_reload");
        json.WriteString("error", string.Join("; ", Faults));
    }
}
