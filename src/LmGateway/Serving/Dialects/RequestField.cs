using System.Text.Json;

namespace LmGateway.Serving.Dialects;

/// <summary>Members of a request's root object that the gateway looks at or may put in.</summary>
internal enum RequestField
{
    None,
    Model,
    Messages,
    Prompt,
    Input,
    Stream,
    StreamOptions,
    Tools,
    ToolChoice,
    ResponseFormat,
    EncodingFormat,
    MaxTokens,
    MaxCompletionTokens,
    MaxOutputTokens,
    Temperature,
    TopP,
    TopK,
    MinP,
    RepeatPenalty,
    PresencePenalty,
    FrequencyPenalty,
    Stop,
    Seed,
    N,
    Ttl,
    Text,
    Integrations,
    Extensions,
    MirostatMode,

    /// <summary>A spelling of <see cref="MirostatMode"/> that is found in the wild.</summary>
    MicrostatMode,
    MirostatTau,
    MirostatEta,
    Grammar,
    CachePrompt,
    NProbs,
    TfsZ,
    TypicalP,
    MinTokens,
    TopLogprobs,
}

/// <summary>The names of <see cref="RequestField"/>s on the wire.</summary>
internal static class RequestFields
{
    private const int LongestName = 32;

    public static string Name(RequestField field) => field switch
    {
        RequestField.Model => "model",
        RequestField.Messages => "messages",
        RequestField.Prompt => "prompt",
        RequestField.Input => "input",
        RequestField.Stream => "stream",
        RequestField.StreamOptions => "stream_options",
        RequestField.Tools => "tools",
        RequestField.ToolChoice => "tool_choice",
        RequestField.ResponseFormat => "response_format",
        RequestField.EncodingFormat => "encoding_format",
        RequestField.MaxTokens => "max_tokens",
        RequestField.MaxCompletionTokens => "max_completion_tokens",
        RequestField.MaxOutputTokens => "max_output_tokens",
        RequestField.Temperature => "temperature",
        RequestField.TopP => "top_p",
        RequestField.TopK => "top_k",
        RequestField.MinP => "min_p",
        RequestField.RepeatPenalty => "repeat_penalty",
        RequestField.PresencePenalty => "presence_penalty",
        RequestField.FrequencyPenalty => "frequency_penalty",
        RequestField.Stop => "stop",
        RequestField.Seed => "seed",
        RequestField.N => "n",
        RequestField.Ttl => "ttl",
        RequestField.Text => "text",
        RequestField.Integrations => "integrations",
        RequestField.Extensions => "extensions",
        RequestField.MirostatMode => "mirostat_mode",
        RequestField.MicrostatMode => "microstat_mode",
        RequestField.MirostatTau => "mirostat_tau",
        RequestField.MirostatEta => "mirostat_eta",
        RequestField.Grammar => "grammar",
        RequestField.CachePrompt => "cache_prompt",
        RequestField.NProbs => "n_probs",
        RequestField.TfsZ => "tfs_z",
        RequestField.TypicalP => "typical_p",
        RequestField.MinTokens => "min_tokens",
        RequestField.TopLogprobs => "top_logprobs",
        _ => throw new ArgumentOutOfRangeException(nameof(field), field, null),
    };

    /// <summary>The field that the reader's property name stands for, however it is escaped.</summary>
    public static RequestField Read(ref Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped) return ReadEscaped(ref reader);
        if (LengthOf(reader) > LongestName) return RequestField.None;
        Span<char> name = stackalloc char[LongestName];
        return Parse(name[..reader.CopyString(name)]);
    }

    private static RequestField ReadEscaped(ref Utf8JsonReader reader)
    {
        if (LengthOf(reader) > 6 * LongestName) return RequestField.None;
        Span<char> name = stackalloc char[6 * LongestName];
        return Parse(name[..JsonText.Copy(ref reader, name)]);
    }

    private static long LengthOf(in Utf8JsonReader reader) => reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length;

    private static RequestField Parse(ReadOnlySpan<char> name) => name switch
    {
        "model" => RequestField.Model,
        "messages" => RequestField.Messages,
        "prompt" => RequestField.Prompt,
        "input" => RequestField.Input,
        "stream" => RequestField.Stream,
        "stream_options" => RequestField.StreamOptions,
        "tools" => RequestField.Tools,
        "tool_choice" => RequestField.ToolChoice,
        "response_format" => RequestField.ResponseFormat,
        "encoding_format" => RequestField.EncodingFormat,
        "max_tokens" => RequestField.MaxTokens,
        "max_completion_tokens" => RequestField.MaxCompletionTokens,
        "max_output_tokens" => RequestField.MaxOutputTokens,
        "temperature" => RequestField.Temperature,
        "top_p" => RequestField.TopP,
        "top_k" => RequestField.TopK,
        "min_p" => RequestField.MinP,
        "repeat_penalty" => RequestField.RepeatPenalty,
        "presence_penalty" => RequestField.PresencePenalty,
        "frequency_penalty" => RequestField.FrequencyPenalty,
        "stop" => RequestField.Stop,
        "seed" => RequestField.Seed,
        "n" => RequestField.N,
        "ttl" => RequestField.Ttl,
        "text" => RequestField.Text,
        "integrations" => RequestField.Integrations,
        "extensions" => RequestField.Extensions,
        "mirostat_mode" => RequestField.MirostatMode,
        "microstat_mode" => RequestField.MicrostatMode,
        "mirostat_tau" => RequestField.MirostatTau,
        "mirostat_eta" => RequestField.MirostatEta,
        "grammar" => RequestField.Grammar,
        "cache_prompt" => RequestField.CachePrompt,
        "n_probs" => RequestField.NProbs,
        "tfs_z" => RequestField.TfsZ,
        "typical_p" => RequestField.TypicalP,
        "min_tokens" => RequestField.MinTokens,
        "top_logprobs" => RequestField.TopLogprobs,
        _ => RequestField.None,
    };
}
