using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>How a prompt template is applied.</summary>
public sealed record PromptTemplateOptions
{
    /// <summary>Settings of the prediction that it is for.</summary>
    public PredictionConfiguration? Configuration { get; init; }

    /// <summary>Whether the token that begins a text is left out.</summary>
    public bool? OmitBosToken { get; init; }

    /// <summary>Whether the token that ends a text is left out.</summary>
    public bool? OmitEosToken { get; init; }

    /// <summary>Tools to describe in the prompt.</summary>
    public IReadOnlyList<ToolDefinition>? ToolDefinitions { get; init; }

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("opts");
        if (OmitBosToken is { } bos) writer.WriteBoolean("omitBosToken", bos);
        if (OmitEosToken is { } eos) writer.WriteBoolean("omitEosToken", eos);
        if (ToolDefinitions is { } tools) PredictionKeys.WriteTools(writer, "toolDefinitions", tools);
        writer.WriteEndObject();
    }
}
