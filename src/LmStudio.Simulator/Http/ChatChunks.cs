using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>Writes a generation as chat-completion chunks: the role in every delta, as LM Studio does it.</summary>
internal sealed class ChatChunks
{
    private static readonly byte[] AfterText = Encoding.UTF8.GetBytes("""
        "},"logprobs":null,"finish_reason":null}]}
        """ + "\n\n");

    private readonly HttpExchange _exchange;
    private readonly LoadedInstance _instance;
    private readonly bool _includeUsage;
    private readonly string _id = HttpExchange.NewId("chatcmpl-");
    private readonly long _created;
    private readonly byte[] _beforeContent;
    private readonly byte[] _beforeReasoning;

    public ChatChunks(HttpExchange exchange, LoadedInstance instance, bool includeUsage)
    {
        (_exchange, _instance, _includeUsage, _created) = (exchange, instance, includeUsage, exchange.NowSeconds);
        _beforeContent = Before("content");
        _beforeReasoning = Before(exchange.Studio.Settings.ReasoningField == ReasoningField.Reasoning ? "reasoning" : "reasoning_content");
    }

    public async ValueTask SendAsync(EventStream stream, GenerationEvent step)
    {
        switch (step)
        {
            case GenerationEvent.Token token:
                await SendAsync(stream, token);
                break;
            case GenerationEvent.ToolCallStart start:
                await stream.SendAsync(Chunk(ToolDelta(new JsonObject
                {
                    ["index"] = start.Index,
                    ["id"] = start.Id,
                    ["type"] = "function",
                    ["function"] = new JsonObject { ["name"] = start.Name, ["arguments"] = "" },
                }), null));
                break;
            case GenerationEvent.ToolCallArguments arguments:
                await stream.SendAsync(Chunk(ToolDelta(new JsonObject
                {
                    ["index"] = arguments.Index,
                    ["function"] = new JsonObject { ["arguments"] = arguments.Fragment },
                }), null));
                break;
            case GenerationEvent.Finished finished:
                await FinishAsync(stream, finished.Stats);
                break;
        }
    }

    private ValueTask SendAsync(EventStream stream, GenerationEvent.Token token)
    {
        var inContent = _exchange.Studio.Settings.ReasoningField == ReasoningField.InContent;
        if (token.Kind is TokenKind.ReasoningStart or TokenKind.ReasoningEnd && !inContent) return ValueTask.CompletedTask;
        var before = token.Kind == TokenKind.Content || inContent ? _beforeContent : _beforeReasoning;
        return stream.SendAsync(before, JsonEncodedText.Encode(token.Text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, AfterText);
    }

    private async Task FinishAsync(EventStream stream, GenerationStats stats)
    {
        await stream.SendAsync(Chunk(new JsonObject(), Predictions.FinishReason(stats.StopReason)));
        if (_includeUsage)
        {
            var last = Head();
            last["choices"] = new JsonArray();
            last["usage"] = ChatCompletionRoutes.Usage(stats);
            await stream.SendAsync(last);
        }

        await stream.DoneAsync();
    }

    private JsonObject Chunk(JsonObject delta, string? finishReason)
    {
        var chunk = Head();
        chunk["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["logprobs"] = null, ["finish_reason"] = finishReason });
        return chunk;
    }

    private static JsonObject ToolDelta(JsonObject call) => new() { ["role"] = "assistant", ["tool_calls"] = new JsonArray(call) };

    private JsonObject Head() => new()
    {
        ["id"] = _id,
        ["object"] = "chat.completion.chunk",
        ["created"] = _created,
        ["model"] = _instance.Identifier,
        ["system_fingerprint"] = _instance.Identifier,
    };

    private byte[] Before(string field)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, HttpExchange.WriterOptions)) Head().WriteTo(writer);
        var head = Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length - 1);
        return Encoding.UTF8.GetBytes("data: " + head + $$$"""
            ,"choices":[{"index":0,"delta":{"role":"assistant","{{{field}}}":"
            """);
    }
}
