using System.Text.Json;

namespace LmGateway.Api.Nats;

/// <summary>Reads a stream of OpenAI's events as its chunks, and keeps what its last message has to say.</summary>
internal sealed class ChatChunks
{
    private byte[]? usage;

    public string? Model { get; private set; }

    public string? FinishReason { get; private set; }

    public int Count { get; private set; }

    /// <summary>The chunks of a block of whole events; the chunk that brings nothing but the usage is kept back for the end.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Of(ReadOnlyMemory<byte> block)
    {
        while (!block.IsEmpty)
        {
            var end = block.Span.IndexOf((byte)'\n');
            var line = end < 0 ? block : block[..end];
            block = end < 0 ? default : block[(end + 1)..];
            if (!line.Span.StartsWith("data:"u8)) continue;
            var data = line[5..].Trim(" \r"u8);
            if (data.Length > 0 && data.Span[0] == '{' && Note(data)) yield return data;
        }
    }

    public void Summarise(Utf8JsonWriter writer)
    {
        if (Model is not null) writer.WriteString("model", Model);
        if (FinishReason is not null) writer.WriteString("finish_reason", FinishReason);
        writer.WriteNumber("chunks", Count);
        if (usage is null) return;
        writer.WritePropertyName("usage");
        writer.WriteRawValue(usage, skipInputValidation: true);
    }

    /// <summary>Whether the chunk has something for the caller.</summary>
    private bool Note(ReadOnlyMemory<byte> chunk)
    {
        using var document = JsonDocument.Parse(chunk);
        var root = document.RootElement;
        if (Model is null && root.TryGetProperty("model", out var model) && model.ValueKind == JsonValueKind.String) Model = model.GetString();
        if (root.TryGetProperty("usage", out var counted) && counted.ValueKind == JsonValueKind.Object) usage = System.Text.Encoding.UTF8.GetBytes(counted.GetRawText());
        if (!root.TryGetProperty("choices", out var choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0) return false;
        foreach (var choice in choices.EnumerateArray())
            if (choice.TryGetProperty("finish_reason", out var reason) && reason.ValueKind == JsonValueKind.String) FinishReason ??= reason.GetString();
        Count++;
        return true;
    }
}
