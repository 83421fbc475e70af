using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Serving.Images;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Translation;

/// <summary>Says what is needed to translate beside the exchange itself.</summary>
/// <param name="Identifier">What the backend calls the instance.</param>
/// <param name="RequestId">For ids of replies.</param>
internal readonly record struct TranslationFrame(string Identifier, string RequestId);

/// <summary>
/// Sends a request to a backend: as it is where the backend speaks its dialect, else by the nearest way there is: on OpenAI's own path for
/// LM Studio's older API, which has the same bodies, and as a generation in no dialect for everything else.
/// </summary>
internal sealed class Translator(ImageFitting images, TimeProvider time)
{
    private static readonly (string Native, string Path, Dialect Dialect)[] OlderPaths =
    [
        ("/api/v0/chat/completions", "/v1/chat/completions", Dialect.OpenAiChat),
        ("/api/v0/completions", "/v1/completions", Dialect.OpenAiCompletions),
        ("/api/v0/embeddings", "/v1/embeddings", Dialect.OpenAiEmbeddings),
    ];

    public Task<ExchangeReply> ExchangeAsync(BackendView view, Exchange exchange, TranslationFrame frame, CancellationToken cancellationToken) =>
        !IsTyped(exchange.Dialect) && view.Traits.Dialects.Contains(exchange.Dialect)
            ? view.Backend.ExchangeAsync(exchange, cancellationToken)
            : FindWayAsync(view, exchange, frame, cancellationToken);

    private async Task<ExchangeReply> FindWayAsync(BackendView view, Exchange exchange, TranslationFrame frame, CancellationToken cancellationToken)
    {
        if (view.Traits.Dialects.Contains(exchange.Dialect))
        {
            try
            {
                return await view.Backend.ExchangeAsync(exchange, cancellationToken);
            }
            catch (GatewayException refused) when (refused.Error.Code is ErrorCode.RouteNotFound or ErrorCode.MethodNotAllowed && exchange.BodyStream is null)
            {
                // It has OpenAI's API but not this part of it; or else it does not know the conversation that the request goes on from.
                if (GoesOn(exchange)) throw;
                return await GenerateAsync(view, exchange, frame, cancellationToken);
            }
        }

        if (exchange.Dialect == Dialect.LmStudioV0 && Array.Find(OlderPaths, older => exchange.PathAndQuery.Split('?')[0] == older.Native) is { Path: { } path } found)
            return await view.Backend.ExchangeAsync(exchange with { Dialect = found.Dialect, PathAndQuery = path }, cancellationToken);
        if (IsTyped(exchange.Dialect)) return await GenerateAsync(view, exchange, frame, cancellationToken);
        throw new GatewayException(new GatewayError(ErrorCode.NotSupported, $"The backend '{view.Name}' ({view.Traits.Kind}) does not take this kind of request.") { Backend = view.Name });
    }

    private static bool GoesOn(Exchange exchange) =>
        RequestBody.Parse(exchange.Body).Json.TryGetProperty("previous_response_id", out var id) && id.ValueKind == System.Text.Json.JsonValueKind.String;

    private static bool IsTyped(Dialect dialect) => dialect is Dialect.OpenAiResponses or Dialect.AnthropicMessages or Dialect.LmStudioV1;

    private async Task<ExchangeReply> GenerateAsync(BackendView view, Exchange exchange, TranslationFrame frame, CancellationToken cancellationToken)
    {
        var body = RequestBody.Parse(exchange.Body);
        var request = await images.FitAsync(Read(exchange.Dialect, body), view.Traits.Defects, cancellationToken);
        var events = view.Backend.GenerateAsync(frame.Identifier, request, new GenerationLimits(exchange.Timeout, exchange.IdleTimeout), cancellationToken);
        return await TranslatedReply.BeginAsync(events, Answer(exchange, body, frame), cancellationToken);
    }

    private static ChatRequest Read(Dialect dialect, RequestBody body) => dialect switch
    {
        Dialect.OpenAiResponses => ResponsesRequest.Read(body),
        Dialect.AnthropicMessages => MessagesRequest.Read(body),
        _ => NativeChatRequest.Read(body),
    };

    private PartedAnswer Answer(Exchange exchange, RequestBody body, TranslationFrame frame)
    {
        var streamed = body.Json.TryGetProperty("stream", out var flag) && flag.ValueKind == System.Text.Json.JsonValueKind.True;
        var head = new AnswerHead(frame.RequestId, frame.Identifier, time.GetUtcNow().ToUnixTimeSeconds()) { Streamed = streamed };
        return exchange.Dialect switch
        {
            Dialect.OpenAiResponses => new ResponsesAnswer(head),
            Dialect.AnthropicMessages => new MessagesAnswer(head),
            _ => new NativeChatAnswer(head),
        };
    }
}
