using System.Text.Json;
using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>What can be said to be wrong with a request before any backend is asked.</summary>
internal static class RequestChecks
{
    public static void Check(RequestPeek peek)
    {
        CheckModel(peek);
        peek.Streamed = Flag(peek, RequestField.Stream) && peek.Dialect != Dialect.OpenAiEmbeddings;      // which never stream
        switch (peek.Dialect)
        {
            case Dialect.OpenAiChat:
                CheckMessages(peek);
                CheckStreamOptions(peek);
                CheckTools(peek);
                CheckResponseFormat(peek);
                break;
            case Dialect.OpenAiCompletions:
                CheckStreamOptions(peek);
                break;
            case Dialect.AnthropicMessages:
                CheckMessages(peek);
                break;
            case Dialect.OpenAiEmbeddings:
                CheckInput(peek);
                CheckEncoding(peek);
                break;
        }
    }

    private static void CheckModel(RequestPeek peek)
    {
        if (peek.Find(RequestField.Model) is not { Kind: not JsonTokenType.Null } member) return;
        if (member.Kind != JsonTokenType.String) throw RequestPeek.Invalid("'model' must be a string.", RequestField.Model);
        var name = peek.Text(RequestField.Model) ?? throw RequestPeek.Invalid("'model' is not a valid string.", RequestField.Model);
        peek.Model = string.IsNullOrWhiteSpace(name) ? null : name;
    }

    private static bool Flag(RequestPeek peek, RequestField field) => peek.Find(field)?.Kind switch
    {
        null or JsonTokenType.Null or JsonTokenType.False => false,
        JsonTokenType.True => true,
        _ => throw RequestPeek.Invalid($"'{RequestFields.Name(field)}' must be true or false.", field),
    };

    private static void CheckMessages(RequestPeek peek)
    {
        var problem = peek.Find(RequestField.Messages) switch
        {
            null or { Kind: JsonTokenType.Null } => "'messages' is required.",
            { Kind: not JsonTokenType.StartArray } => "'messages' must be an array.",
            { Empty: true } => "'messages' must not be empty.",
            _ => null,
        };
        if (problem is not null) throw RequestPeek.Invalid(problem, RequestField.Messages);
    }

    private static void CheckStreamOptions(RequestPeek peek)
    {
        if (peek.Find(RequestField.StreamOptions) is not { Kind: not JsonTokenType.Null } member) return;
        if (member.Kind != JsonTokenType.StartObject) throw RequestPeek.Invalid("'stream_options' must be an object.", RequestField.StreamOptions);
        var reader = peek.Reader(member);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var named = JsonText.Is(ref reader, "include_usage"u8);
            reader.Read();
            if (named && reader.TokenType is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null))
                throw RequestPeek.Invalid("'stream_options.include_usage' must be true or false.", RequestField.StreamOptions);
            if (named) peek.UsageAsked = reader.TokenType == JsonTokenType.True;
            reader.Skip();
        }
    }

    private static void CheckTools(RequestPeek peek)
    {
        if (peek.Find(RequestField.Tools) is { Kind: not (JsonTokenType.Null or JsonTokenType.StartArray) })
            throw RequestPeek.Invalid("'tools' must be an array.", RequestField.Tools);
        if (peek.Find(RequestField.ToolChoice) is { Kind: not (JsonTokenType.Null or JsonTokenType.String or JsonTokenType.StartObject) })
            throw RequestPeek.Invalid("'tool_choice' must be a string or an object.", RequestField.ToolChoice);
    }

    private static void CheckResponseFormat(RequestPeek peek)
    {
        if (peek.Find(RequestField.ResponseFormat) is { Kind: not (JsonTokenType.Null or JsonTokenType.StartObject) })
            throw RequestPeek.Invalid("'response_format' must be an object.", RequestField.ResponseFormat);
    }

    private static void CheckInput(RequestPeek peek)
    {
        var problem = peek.Find(RequestField.Input) switch
        {
            null or { Kind: JsonTokenType.Null } => "'input' is required.",
            { Empty: true } => "'input' must not be empty.",
            { Kind: JsonTokenType.String } => null,
            { Kind: JsonTokenType.StartArray } member => ProblemOfElements(peek.Reader(member)),
            _ => "'input' must be a string or an array of strings.",
        };
        if (problem is not null) throw RequestPeek.Invalid(problem, RequestField.Input);
    }

    private static string? ProblemOfElements(Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            // Token ids come from OpenAI's own tokenizer and mean nothing to other models.
            if (reader.TokenType is JsonTokenType.Number or JsonTokenType.StartArray)
                return "'input' holds token ids, which only fit OpenAI's own models. Send text: in LangChain, set check_embedding_ctx_length=False.";
            if (reader.TokenType != JsonTokenType.String) return "'input' must be a string or an array of strings.";
        }

        return null;
    }

    private static void CheckEncoding(RequestPeek peek)
    {
        if (peek.Find(RequestField.EncodingFormat) is not { Kind: not JsonTokenType.Null }) return;
        if (peek.Text(RequestField.EncodingFormat) is not ("float" or "base64"))
            throw RequestPeek.Invalid("'encoding_format' must be \"float\" or \"base64\".", RequestField.EncodingFormat);
    }
}
