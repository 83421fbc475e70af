using System.Buffers;
using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.OpenAi;

/// <summary>
/// <c>/v1/messages/count_tokens</c>, which agents call before they send. No local backend has it, so the number is an estimate from the
/// text's length: four bytes of UTF-8 a token and a little for each piece.
/// </summary>
internal static class TokenCount
{
    private const int BytesPerToken = 4;

    public static async Task AnswerAsync(HttpContext context, BodyBudget budget)
    {
        context.Response.Headers["request-id"] = context.TraceIdentifier;
        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var tokens = Estimate(RequestPeek.Read(body.Sequence, Dialect.AnthropicMessages).Body);
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("input_tokens", tokens);
            writer.WriteEndObject();
        });
    }

    private static long Estimate(in ReadOnlySequence<byte> body)
    {
        var tokens = 0L;
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 256 });
        while (reader.Read())
            if (reader.TokenType == JsonTokenType.String) tokens += 1 + ((reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length) / BytesPerToken);
        return Math.Max(1, tokens);
    }
}
