using System.Globalization;
using System.Text;
using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>A <c>usage</c> object under OpenAI's, Anthropic's or LM Studio's names. What is not an integer counts as missing.</summary>
internal readonly record struct UsageFacts(int? Prompt, int? Completion, int? Total)
{
    /// <summary>All three numbers are there; clients with strict models fail on fewer.</summary>
    public bool IsComplete => Prompt is not null && Completion is not null && Total is not null;

    public bool IsEmpty => Prompt is null && Completion is null && Total is null;

    public Usage ToUsage() => new(Prompt ?? Math.Max(0, (Total ?? 0) - (Completion ?? 0)), Completion ?? Math.Max(0, (Total ?? 0) - (Prompt ?? Total ?? 0)));

    /// <summary>The three numbers as JSON.</summary>
    public byte[] ToJson()
    {
        var usage = ToUsage();
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $$"""{"prompt_tokens":{{usage.PromptTokens}},"completion_tokens":{{usage.CompletionTokens}},"total_tokens":{{Total ?? usage.TotalTokens}}}"""));
    }

    /// <summary>Reads the object on whose start the reader stands, to its end.</summary>
    public static UsageFacts Read(ref Utf8JsonReader reader)
    {
        int? prompt = null, completion = null, total = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isPrompt = JsonText.Is(ref reader, "prompt_tokens"u8) || JsonText.Is(ref reader, "input_tokens"u8);
            var isCompletion = JsonText.Is(ref reader, "completion_tokens"u8) || JsonText.Is(ref reader, "output_tokens"u8) || JsonText.Is(ref reader, "total_output_tokens"u8);
            var isTotal = JsonText.Is(ref reader, "total_tokens"u8);
            reader.Read();
            int? number = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var value) ? value : null;
            if (isPrompt) prompt = number;
            if (isCompletion) completion = number;
            if (isTotal) total = number;
            reader.Skip();
        }

        return new UsageFacts(prompt, completion, total);
    }
}
