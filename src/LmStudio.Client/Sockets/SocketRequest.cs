using System.Text.Json;

namespace LmStudio.Client.Sockets;

/// <summary>What to ask of a namespace. A channel may name another cancel word and another limit for its silence.</summary>
internal sealed record SocketRequest(string Endpoint, Action<Utf8JsonWriter>? Parameter = null)
{
    public string CancelWord { get; init; } = "cancel";

    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>A request whose parameter is an object.</summary>
    public static SocketRequest WithMembers(string endpoint, Action<Utf8JsonWriter> members) => new(endpoint, writer =>
    {
        writer.WriteStartObject();
        members(writer);
        writer.WriteEndObject();
    });
}
