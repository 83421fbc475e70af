using System.Text.Json;

namespace LmGateway.Events;

/// <summary>
/// Something that happened in the service. <paramref name="Subject"/> names its kind in dotted words (<c>model.load.start</c>), as message
/// systems have it.
/// </summary>
internal abstract record GatewayEvent(string Subject)
{
    /// <summary>The name on a stream of server-sent events: <c>model_load_start</c>. Every failure is an <c>error</c> there.</summary>
    public virtual string Name => Subject.Replace('.', '_');

    /// <summary>Writes the members of the event's JSON object, without its braces and its time.</summary>
    public abstract void WriteMembers(Utf8JsonWriter json);
}

/// <summary>An event with its place in the order of all events and its time. <see cref="Id"/> grows, over restarts too.</summary>
internal sealed class PublishedEvent(GatewayEvent happened, DateTimeOffset at)
{
    private byte[]? json;

    public long Id { get; internal set; }

    public GatewayEvent Event { get; } = happened;

    public DateTimeOffset At { get; } = at;

    /// <summary>The event as a JSON object in UTF-8, made once for all who read it.</summary>
    public ReadOnlyMemory<byte> Json => Volatile.Read(ref json) ?? Write();

    private byte[] Write()
    {
        using var text = new MemoryStream(256);
        using (var writer = new Utf8JsonWriter(text, EventJson.Readable))
        {
            writer.WriteStartObject();
            Event.WriteMembers(writer);
            writer.WriteString("timestamp", EventJson.Time(At));
            writer.WriteEndObject();
        }

        var written = text.ToArray();
        Volatile.Write(ref json, written);
        return written;
    }
}

/// <summary>Stands in a subscription for events that it lost. <paramref name="Count"/> is null where nobody knows how many.</summary>
internal sealed record EventsDropped(long? Count) : GatewayEvent("events.dropped")
{
    public override void WriteMembers(Utf8JsonWriter json)
    {
        if (Count is { } count) json.WriteNumber("count", count);
        else json.WriteNull("count");
    }
}
