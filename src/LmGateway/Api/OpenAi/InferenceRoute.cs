using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Serving;
using LmGateway.Vocabulary;

namespace LmGateway.Api.OpenAi;

/// <summary>One route that carries inference: its dialect, the kind of model it is for, and how it tells of a failure inside a stream.</summary>
internal sealed record InferenceRoute(Dialect Dialect, string UpstreamPath, ModelType Wanted, IReadOnlyList<string> Paths) : IAnswerForm
{
    public static IReadOnlyList<InferenceRoute> All { get; } =
    [
        new(Dialect.OpenAiChat, "/v1/chat/completions", ModelType.Llm, ["/v1/chat/completions", "/chat/completions"]),
        new(Dialect.OpenAiCompletions, "/v1/completions", ModelType.Llm, ["/v1/completions", "/completions"]),
        new(Dialect.OpenAiEmbeddings, "/v1/embeddings", ModelType.Embedding, ["/v1/embeddings", "/embeddings"]),
        new(Dialect.OpenAiResponses, "/v1/responses", ModelType.Llm, ["/v1/responses"]),
        new(Dialect.AnthropicMessages, "/v1/messages", ModelType.Llm, ["/v1/messages"]),
    ];

    public bool IsAnthropic => Dialect == Dialect.AnthropicMessages;

    public void Check(PreparedInference prepared)
    {
        // Whatever OpenAI's and Anthropic's clients ask may be asked.
    }

    public GatewayError Reword(GatewayError error, InferenceCall call) => call.IsUnderContract ? ContractErrors.Reword(error) : error;

    public byte[] FailureEvent(GatewayError error, int passed, string requestId)
    {
        using var json = new MemoryStream();
        var named = Dialect is Dialect.AnthropicMessages or Dialect.OpenAiResponses;
        json.Write(named ? "event: error\ndata: "u8 : "data: "u8);
        using (var writer = new Utf8JsonWriter(json)) WriteFailure(writer, error, passed, requestId);
        json.Write("\n\n"u8);
        return json.ToArray();
    }

    private void WriteFailure(Utf8JsonWriter writer, GatewayError error, int passed, string requestId)
    {
        switch (Dialect)
        {
            case Dialect.AnthropicMessages:
                AnthropicErrors.WriteObject(writer, error, requestId);
                break;
            case Dialect.OpenAiResponses:
                var (_, type, code) = OpenAiErrors.Describe(error.Code);
                writer.WriteStartObject();
                writer.WriteString("type", "error");
                writer.WriteString("code", code ?? type);
                writer.WriteString("message", error.Message);
                writer.WriteString("param", error.Parameter);
                writer.WriteNumber("sequence_number", passed);
                writer.WriteEndObject();
                break;
            default:
                OpenAiErrors.WriteObject(writer, error);
                break;
        }
    }
}
