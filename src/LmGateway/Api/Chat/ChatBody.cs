using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Chat;

/// <summary>What a request to one of the chat routes asks for.</summary>
internal sealed record ChatBody(string? ModelKey, ChatRequest Request)
{
    /// <summary>The caller wants to see what the model thinks, apart from what it says.</summary>
    public bool IncludeReasoning { get; private init; }

    /// <summary>Faults are noted in the fields; what comes back then is not to be used.</summary>
    public static ChatBody Read(BodyFields body, ChatKind kind)
    {
        var config = body.Section("config");
        var request = new ChatRequest
        {
            Messages = Messages(body, kind),
            Temperature = config?.Number(0, 2, "temperature"),
            MaxTokens = MaxTokens(config),
            TopP = config?.Number(0, 1, "topP"),
            PresencePenalty = config?.Number(-2, 2, "presencePenalty"),
            FrequencyPenalty = config?.Number(-2, 2, "frequencyPenalty"),
        };
        return new ChatBody(body.Name("model_key", "model", "model_id"), request) { IncludeReasoning = body.Flag("include_reasoning") };
    }

    private static List<ChatMessage> Messages(BodyFields body, ChatKind kind)
    {
        if (body.Require("messages") is not { } field) return [];
        if (field.Value is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 0) body.Note(FieldFault.EmptyList(field.Path, list));
        return [.. body.Items(field).Select(message => Message(message, kind))];
    }

    private static ChatMessage Message(BodyFields fields, ChatKind kind)
    {
        var role = Role(fields);
        var text = fields.Text("content") ?? "";
        return new ChatMessage(role, text) { Images = Images(fields, kind) };
    }

    private static ChatRole Role(BodyFields fields)
    {
        if (fields.Require("role") is not { } field) return default;
        if (field.Value.ValueKind == JsonValueKind.String)
        {
            if (field.Value.ValueEquals("system")) return ChatRole.System;
            if (field.Value.ValueEquals("user")) return ChatRole.User;
            if (field.Value.ValueEquals("assistant")) return ChatRole.Assistant;
        }

        fields.Note(FieldFault.NotOneOf(field.Path, field.Value, "'system', 'user' or 'assistant'"));
        return default;
    }

    private static List<ChatImage> Images(BodyFields message, ChatKind kind)
    {
        if (message.Find("images") is not { } field) return [];
        if (kind == ChatKind.Regular && field.Value is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0)
        {
            message.Note(FieldFault.Unusable(field.Path, "images are not taken on /chat/regular; send them to /chat/vision, or to /chat with a vision model"));
            return [];
        }

        return [.. message.Items(field).Select(ImageField.Read).OfType<ChatImage>()];
    }

    /// <summary>-1 is how LM Studio's users say that there is no limit.</summary>
    private static int? MaxTokens(BodyFields? config)
    {
        if (config?.Find("maxTokens") is { Value: { ValueKind: JsonValueKind.Number } value } && value.TryGetInt32(out var number) && number == -1) return null;
        return config?.Whole(1, "maxTokens");
    }
}
