using System.Text.Json;

namespace LmGateway.Serving.Dialects;

/// <summary>What one event of the Responses or the Messages API tells, itself or in the response or message that it carries.</summary>
internal readonly record struct EventFacts
{
    public string? Type { get; init; }
    public string? Model { get; init; }

    /// <summary>Anthropic's.</summary>
    public string? StopReason { get; init; }

    public UsageFacts? Usage { get; init; }

    /// <summary>An <c>error</c> that is not null.</summary>
    public bool HasError { get; init; }

    /// <summary>A <c>sequence_number</c>.</summary>
    public bool HasNumber { get; init; }

    /// <summary>Throws <see cref="JsonException"/> for anything but one JSON object.</summary>
    public static EventFacts Read(ReadOnlySpan<byte> data)
    {
        var reader = new Utf8JsonReader(data, JsonText.Strict);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("It is no object.");
        var facts = Read(ref reader, depth: 0);
        reader.Read();
        return facts;
    }

    private static EventFacts Read(ref Utf8JsonReader reader, int depth)
    {
        var facts = new EventFacts();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (JsonText.Is(ref reader, "type"u8)) facts = facts with { Type = Text(ref reader) };
            else if (JsonText.Is(ref reader, "model"u8)) facts = facts with { Model = Text(ref reader) };
            else if (JsonText.Is(ref reader, "stop_reason"u8)) facts = facts with { StopReason = Text(ref reader) };
            else if (JsonText.Is(ref reader, "sequence_number"u8)) facts = facts with { HasNumber = reader.Read() };
            else if (JsonText.Is(ref reader, "error"u8)) facts = facts with { HasError = reader.Read() && reader.TokenType != JsonTokenType.Null };
            else if (JsonText.Is(ref reader, "usage"u8)) facts = facts with { Usage = reader.Read() && reader.TokenType == JsonTokenType.StartObject ? UsageFacts.Read(ref reader) : null };
            else if (depth == 0 && IsCarrier(ref reader)) facts = facts.With(reader.Read() && reader.TokenType == JsonTokenType.StartObject ? Read(ref reader, 1) : default);
            else reader.Read();
            reader.Skip();
        }

        return facts;
    }

    private EventFacts With(EventFacts inner) => this with
    {
        Model = inner.Model ?? Model,
        StopReason = inner.StopReason ?? StopReason,
        Usage = inner.Usage ?? Usage,
    };

    private static bool IsCarrier(ref Utf8JsonReader reader) =>
        JsonText.Is(ref reader, "response"u8) || JsonText.Is(ref reader, "message"u8) || JsonText.Is(ref reader, "delta"u8);

    private static string? Text(ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType == JsonTokenType.String ? JsonText.Read(ref reader) : null;
}
