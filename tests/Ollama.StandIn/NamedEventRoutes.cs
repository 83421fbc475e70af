using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Ollama.StandIn;

/// <summary><c>/v1/responses</c> and <c>/v1/messages</c>, whose streams are named events.</summary>
internal sealed class NamedEventRoutes(OllamaState state)
{
    public static JsonArray ResponsesMessages(JsonObject body) => body["input"] switch
    {
        JsonValue text => [new JsonObject { ["role"] = "user", ["content"] = text.GetValue<string>() }],
        JsonArray items => [.. items.OfType<JsonObject>().Select(item => new JsonObject { ["role"] = item["role"]?.DeepClone() ?? "user", ["content"] = Text(item["content"]) })],
        _ => throw new OllamaException(400, "input is required"),
    };

    public static JsonArray Messages(JsonObject body)
    {
        if (body["max_tokens"] is null) throw new OllamaException(400, "max_tokens is required and must be positive");
        return [.. (body["messages"] as JsonArray ?? []).OfType<JsonObject>().Select(item => new JsonObject { ["role"] = item["role"]?.DeepClone(), ["content"] = Text(item["content"]) })];
    }

    public async Task RespondAsync(HttpContext context, JsonObject body, Speech speech)
    {
        var text = string.Concat(speech.Words);
        var item = Item(text, speech);
        var response = new JsonObject
        {
            ["id"] = "resp_1",
            ["object"] = "response",
            ["created_at"] = 1_795_000_000,
            ["status"] = "completed",
            ["model"] = body["model"]!.GetValue<string>(),
            ["output"] = new JsonArray(item.DeepClone()),
            ["usage"] = new JsonObject { ["input_tokens"] = speech.PromptTokens, ["output_tokens"] = 3, ["total_tokens"] = speech.PromptTokens + 3 },
        };
        if (body["stream"]?.GetValue<bool>() != true)
        {
            await Replies.JsonAsync(context, response);
            return;
        }

        Replies.Begin(context, "text/event-stream");
        using var open = state.OpenStream(context.RequestAborted);
        var number = 0;
        await TellAsync("response.created", new JsonObject { ["response"] = new JsonObject { ["id"] = "resp_1", ["object"] = "response", ["status"] = "in_progress", ["model"] = body["model"]!.GetValue<string>() } });
        await TellAsync("response.output_item.added", new JsonObject { ["output_index"] = 0, ["item"] = new JsonObject { ["id"] = "msg_1", ["type"] = "message", ["role"] = "assistant", ["content"] = new JsonArray() } });
        foreach (var word in speech.Words) await TellAsync("response.output_text.delta", new JsonObject { ["item_id"] = "msg_1", ["output_index"] = 0, ["content_index"] = 0, ["delta"] = word });
        await TellAsync("response.output_text.done", new JsonObject { ["item_id"] = "msg_1", ["output_index"] = 0, ["content_index"] = 0, ["text"] = text });
        await TellAsync("response.output_item.done", new JsonObject { ["output_index"] = 0, ["item"] = item });
        await TellAsync("response.completed", new JsonObject { ["response"] = response });

        Task TellAsync(string type, JsonObject data)
        {
            data.Insert(0, "type", type);
            data.Insert(1, "sequence_number", number++);
            return EventAsync(context, type, data);
        }
    }

    private static JsonObject Item(string text, Speech speech) => speech.Call is { } call
        ? new JsonObject
        {
            ["id"] = "fc_1",
            ["type"] = "function_call",
            ["status"] = "completed",
            ["call_id"] = "call_ab12cd34",
            ["name"] = call.Name,
            ["arguments"] = call.Arguments.ToJsonString(),
        }
        : new JsonObject
        {
            ["id"] = "msg_1",
            ["type"] = "message",
            ["status"] = "completed",
            ["role"] = "assistant",
            ["content"] = new JsonArray(new JsonObject { ["type"] = "output_text", ["text"] = text, ["annotations"] = new JsonArray() }),
        };

    public async Task AnswerMessageAsync(HttpContext context, JsonObject body, Speech speech)
    {
        var text = string.Concat(speech.Words);
        if (body["stream"]?.GetValue<bool>() != true)
        {
            var block = speech.Call is { } call
                ? new JsonObject { ["type"] = "tool_use", ["id"] = "call_ab12cd34", ["name"] = call.Name, ["input"] = call.Arguments.DeepClone() }
                : new JsonObject { ["type"] = "text", ["text"] = text };
            await Replies.JsonAsync(context, Message(body, [block], speech.Call is null ? "end_turn" : "tool_use", speech.PromptTokens, 3));
            return;
        }

        Replies.Begin(context, "text/event-stream");
        using var open = state.OpenStream(context.RequestAborted);
        await TellAsync("message_start", new JsonObject { ["message"] = Message(body, [], null, speech.PromptTokens, 0) });
        await TellAsync("content_block_start", new JsonObject { ["index"] = 0, ["content_block"] = new JsonObject { ["type"] = "text", ["text"] = "" } });
        foreach (var word in speech.Words) await TellAsync("content_block_delta", new JsonObject { ["index"] = 0, ["delta"] = new JsonObject { ["type"] = "text_delta", ["text"] = word } });
        await TellAsync("content_block_stop", new JsonObject { ["index"] = 0 });
        await TellAsync("message_delta", new JsonObject { ["delta"] = new JsonObject { ["stop_reason"] = "end_turn" }, ["usage"] = new JsonObject { ["input_tokens"] = speech.PromptTokens, ["output_tokens"] = 3 } });
        await TellAsync("message_stop", []);

        Task TellAsync(string type, JsonObject data)
        {
            data.Insert(0, "type", type);
            return EventAsync(context, type, data);
        }
    }

    private static JsonObject Message(JsonObject body, JsonArray content, string? reason, int input, int output)
    {
        var message = new JsonObject { ["id"] = "msg_1", ["type"] = "message", ["role"] = "assistant", ["model"] = body["model"]!.GetValue<string>(), ["content"] = content };
        if (reason is not null) message["stop_reason"] = reason;
        message["usage"] = new JsonObject { ["input_tokens"] = input, ["output_tokens"] = output };
        return message;
    }

    private static string Text(JsonNode? content) => content switch
    {
        JsonValue text => text.GetValue<string>(),
        JsonArray parts => string.Concat(parts.Select(part => part?["text"]?.GetValue<string>() ?? "")),
        _ => "",
    };

    private Task EventAsync(HttpContext context, string type, JsonObject data) => Replies.WriteAsync(context, $"event: {type}\ndata: {data.ToJsonString()}\n\n", state.Options.PieceBytes);
}
