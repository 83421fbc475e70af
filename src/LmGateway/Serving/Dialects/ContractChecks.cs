using System.Text.Json;

namespace LmGateway.Serving.Dialects;

/// <summary>What the provider contract asks of a chat request beyond what every backend needs, in the words of its document's program.</summary>
internal static class ContractChecks
{
    private static readonly ParameterRule[] Rules =
    [
        MaxTokens(RequestField.MaxTokens),
        MaxTokens(RequestField.MaxCompletionTokens),
        new(RequestField.Temperature, "between 0.0 and 2.0") { Title = "Temperature", Least = 0, Most = 2 },
        new(RequestField.TopP, "between 0.0 and 1.0") { Title = "Top-p", Least = 0, Most = 1 },
        new(RequestField.FrequencyPenalty, "between -2.0 and 2.0") { Title = "Frequency penalty", Least = -2, Most = 2 },
        new(RequestField.PresencePenalty, "between -2.0 and 2.0") { Title = "Presence penalty", Least = -2, Most = 2 },
        new(RequestField.TopLogprobs, "between 0 and 20") { Title = "Top logprobs", Kind = ParameterKind.Whole, Least = 0, Most = 20 },
        new(RequestField.N, "between 1 and 10") { Title = "N (number of choices)", Kind = ParameterKind.Whole, Least = 1, Most = 10 },
        new(RequestField.Seed) { Kind = ParameterKind.Whole },
        .. ExtensionParameters.All,
    ];

    /// <summary>Throws what is wrong first.</summary>
    public static void Check(RequestPeek peek)
    {
        CheckMessages(peek);
        var given = GivenParameters.Of(peek);
        foreach (var rule in Rules)
            if (given.Value(rule.Field) is { } value) rule.Check(value);
        if (given.Value(RequestField.Stop) is { } stop) CheckStop(stop);
    }

    private static ParameterRule MaxTokens(RequestField field) =>
        new(field, "between 1 and 128000") { Title = "Max tokens", Kind = ParameterKind.Whole, Least = 1, Most = 128_000 };

    private static void CheckMessages(RequestPeek peek)
    {
        if (peek.Find(RequestField.Messages) is not { Kind: JsonTokenType.StartArray } messages) return;
        if (messages.Empty) throw RequestPeek.Invalid("Messages array cannot be empty", RequestField.Messages);
        var reader = peek.Reader(messages);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject && SaysSomething(ref reader)) return;
            reader.Skip();
        }

        throw RequestPeek.Invalid("At least one message must have content or tool calls", RequestField.Messages);
    }

    /// <summary>Reads a message, on whose start the reader stands, until something is said or it ends.</summary>
    private static bool SaysSomething(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isContent = JsonText.Is(ref reader, "content"u8) || JsonText.Is(ref reader, "tool_calls"u8);
            reader.Read();
            if (isContent && !IsNothing(reader)) return true;
            reader.Skip();
        }

        return false;
    }

    /// <summary>Works on a copy of the reader, which stays where it is.</summary>
    private static bool IsNothing(Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Null => true,
        JsonTokenType.String => reader.HasValueSequence ? reader.ValueSequence.IsEmpty : reader.ValueSpan.IsEmpty,
        JsonTokenType.StartArray => reader.Read() && reader.TokenType == JsonTokenType.EndArray,
        _ => false,
    };

    private static void CheckStop(JsonElement stop)
    {
        if (stop.ValueKind == JsonValueKind.String) return;
        if (stop.ValueKind != JsonValueKind.Array || stop.EnumerateArray().Any(text => text.ValueKind != JsonValueKind.String))
            throw RequestPeek.Invalid("'stop' must be a string or an array of strings.", RequestField.Stop);
    }
}
