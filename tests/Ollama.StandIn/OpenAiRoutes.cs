using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Ollama.StandIn;

/// <summary>Ollama's layer for OpenAI's clients, with what it leaves out: no usage details, <c>reasoning</c> for thoughts, whole tool calls.</summary>
internal sealed class OpenAiRoutes(OllamaState state)
{
    private readonly NamedEventRoutes named = new(state);

    public async Task<bool> AnswerAsync(HttpContext context, string method, string path, JsonObject? body)
    {
        switch (method, path)
        {
            case ("GET", "/v1/models"): await Replies.JsonAsync(context, Models()); break;
            case ("POST", "/v1/chat/completions"): await ChatAsync(context, body!); break;
            case ("POST", "/v1/completions"): await CompleteAsync(context, body!); break;
            case ("POST", "/v1/embeddings"): await EmbedAsync(context, body!); break;
            case ("POST", "/v1/responses"): await named.RespondAsync(context, body!, await SpeakAsync(context, body!, NamedEventRoutes.ResponsesMessages(body!))); break;
            case ("POST", "/v1/messages"): await named.AnswerMessageAsync(context, body!, await SpeakAsync(context, body!, NamedEventRoutes.Messages(body!))); break;
            default: return false;
        }

        return true;
    }

    public static JsonObject Error(string path, OllamaException fault)
    {
        var type = fault.Status switch { 400 => "invalid_request_error", 404 => "not_found_error", _ => "api_error" };
        if (path.StartsWith("/v1/messages", StringComparison.Ordinal))
            return new JsonObject { ["type"] = "error", ["error"] = new JsonObject { ["type"] = type, ["message"] = fault.Message }, ["request_id"] = "req_1" };
        return new JsonObject { ["error"] = new JsonObject { ["message"] = fault.Message, ["type"] = type, ["param"] = null, ["code"] = null } };
    }

    /// <summary>With no models <c>data</c> is null, not an empty list.</summary>
    private JsonObject Models() => new()
    {
        ["object"] = "list",
        ["data"] = state.Models.IsEmpty ? null : new JsonArray([.. state.Models.Values.Select(model => new JsonObject
        {
            ["id"] = model.Name,
            ["object"] = "model",
            ["created"] = 1_715_000_000,
            ["owned_by"] = "library",
        })]),
    };

    private async Task<Speech> SpeakAsync(HttpContext context, JsonObject body, JsonArray messages, int? most = null)
    {
        if (state.Faults.Busy) throw new OllamaException(503, "server busy, please try again.  maximum pending requests exceeded");
        var model = NativeRoutes.Model(state, body);
        if (messages.Count == 0) throw new OllamaException(400, "[] is too short - 'messages'");
        await state.EnsureLoadedAsync(model, null, null, context.RequestAborted);
        var thinks = body["reasoning_effort"]?.GetValue<string>() != "none";
        return Speech.To(model, messages, Tools(body["tools"] as JsonArray), thinks, most);
    }

    private async Task ChatAsync(HttpContext context, JsonObject body)
    {
        var speech = await SpeakAsync(context, body, Flatten(body["messages"] as JsonArray ?? []), body["max_tokens"]?.GetValue<int>());
        if (body["stream"]?.GetValue<bool>() != true)
        {
            var message = new JsonObject { ["role"] = "assistant", ["content"] = string.Concat(speech.Words.Take(speech.Most ?? int.MaxValue)) };
            if (speech.Thought.Length > 0) message["reasoning"] = speech.Thought;
            if (speech.Call is { } call) message["tool_calls"] = Calls(call);
            var reply = Envelope(body, "chat.completion", new JsonObject { ["index"] = 0, ["message"] = message, ["finish_reason"] = Reason(speech) });
            reply["usage"] = Usage(speech);
            await Replies.JsonAsync(context, reply);
            return;
        }

        Replies.Begin(context, "text/event-stream");
        using var open = state.OpenStream(context.RequestAborted);
        var first = true;
        foreach (var delta in Deltas(speech))
        {
            if (first) delta.Insert(0, "role", "assistant");
            first = false;
            await EventAsync(context, Envelope(body, "chat.completion.chunk", new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = null }));
            if (state.Options.Pace > TimeSpan.Zero) await Task.Delay(state.Options.Pace, TimeProvider.System, context.RequestAborted);
        }

        if (state.Faults.InStream is not null)
        {
            // The error is swallowed: one empty chunk of no model, and the end.
            await EventAsync(context, Envelope(new JsonObject { ["model"] = "" }, "chat.completion.chunk", new JsonObject { ["index"] = 0, ["delta"] = new JsonObject { ["content"] = "" }, ["finish_reason"] = null }));
            return;
        }

        if (!state.Faults.BreakOff) await EndAsync(context, body, speech);
    }

    private async Task EndAsync(HttpContext context, JsonObject body, Speech speech)
    {
        await EventAsync(context, Envelope(body, "chat.completion.chunk", new JsonObject { ["index"] = 0, ["delta"] = new JsonObject(), ["finish_reason"] = Reason(speech) }));
        if (body["stream_options"]?["include_usage"]?.GetValue<bool>() == true)
        {
            var last = Envelope(body, "chat.completion.chunk", null);
            last["usage"] = Usage(speech);
            await EventAsync(context, last);
        }

        await Replies.WriteAsync(context, "data: [DONE]\n\n", state.Options.PieceBytes);
    }

    private async Task CompleteAsync(HttpContext context, JsonObject body)
    {
        if (body["prompt"] is not JsonValue prompt) throw new OllamaException(400, "invalid prompt");
        var speech = await SpeakAsync(context, body, [new JsonObject { ["role"] = "user", ["content"] = prompt.GetValue<string>() }]);
        if (body["stream"]?.GetValue<bool>() != true)
        {
            var reply = Envelope(body, "text_completion", new JsonObject { ["index"] = 0, ["text"] = string.Concat(speech.Words), ["finish_reason"] = Reason(speech) });
            reply["usage"] = Usage(speech);
            await Replies.JsonAsync(context, reply);
            return;
        }

        Replies.Begin(context, "text/event-stream");
        using var open = state.OpenStream(context.RequestAborted);
        foreach (var word in speech.Words) await EventAsync(context, Envelope(body, "text_completion", new JsonObject { ["index"] = 0, ["text"] = word, ["finish_reason"] = null }));
        await EventAsync(context, Envelope(body, "text_completion", new JsonObject { ["index"] = 0, ["text"] = "", ["finish_reason"] = Reason(speech) }));
        await Replies.WriteAsync(context, "data: [DONE]\n\n", state.Options.PieceBytes);
    }

    private async Task EmbedAsync(HttpContext context, JsonObject body)
    {
        var model = NativeRoutes.Model(state, body);
        await state.EnsureLoadedAsync(model, null, null, context.RequestAborted);
        string[] inputs = body["input"] switch
        {
            JsonValue text => [text.GetValue<string>()],
            JsonArray { Count: > 0 } list => [.. list.Select(item => item!.GetValue<string>())],
            _ => throw new OllamaException(400, "invalid input"),
        };
        var isBase64 = body["encoding_format"]?.GetValue<string>() == "base64";
        await Replies.JsonAsync(context, new JsonObject
        {
            ["object"] = "list",
            ["model"] = body["model"]!.GetValue<string>(),
            ["data"] = new JsonArray([.. inputs.Select((input, index) => new JsonObject { ["object"] = "embedding", ["embedding"] = Embedding(input, isBase64), ["index"] = index })]),
            ["usage"] = new JsonObject { ["prompt_tokens"] = inputs.Length, ["total_tokens"] = inputs.Length },
        });
    }

    private static JsonNode Embedding(string input, bool isBase64)
    {
        var numbers = GenerationRoutes.Vector(input);
        if (!isBase64) return numbers;
        return JsonValue.Create(Convert.ToBase64String([.. numbers.SelectMany(number => BitConverter.GetBytes((float)number!.GetValue<double>()))]));
    }

    private static IEnumerable<JsonObject> Deltas(Speech speech)
    {
        if (speech.Thought.Length > 0) yield return new JsonObject { ["content"] = "", ["reasoning"] = speech.Thought };
        if (speech.Call is { } call) yield return new JsonObject { ["content"] = "", ["tool_calls"] = Calls(call) };
        foreach (var word in speech.Words.Take(speech.Most ?? int.MaxValue)) yield return new JsonObject { ["content"] = word };
    }

    private static JsonArray Calls((string Name, JsonObject Arguments) call) =>
    [
        new JsonObject
        {
            ["id"] = "call_ab12cd34",
            ["index"] = 0,
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments.ToJsonString() },
        },
    ];

    /// <summary>The three dialects put name and schema in three places; here they stand as in OpenAI's chat.</summary>
    private static JsonArray? Tools(JsonArray? tools) => tools is null ? null :
    [
        .. tools.OfType<JsonObject>().Select(tool => tool["function"] is not null
            ? tool.DeepClone()
            : new JsonObject { ["function"] = new JsonObject { ["name"] = tool["name"]?.DeepClone(), ["parameters"] = (tool["parameters"] ?? tool["input_schema"])?.DeepClone() } }),
    ];

    /// <summary>Parts become messages of their own; an image must be a data URI.</summary>
    private static JsonArray Flatten(JsonArray messages)
    {
        var flat = new JsonArray();
        foreach (var message in messages.OfType<JsonObject>())
        {
            if (message["content"] is not JsonArray parts)
            {
                flat.Add(new JsonObject { ["role"] = message["role"]?.DeepClone(), ["content"] = message["content"]?.DeepClone() ?? "" });
                continue;
            }

            foreach (var part in parts)
            {
                var url = (part!["image_url"] as JsonValue ?? part["image_url"]?["url"])?.GetValue<string>();
                if (url?.StartsWith("http", StringComparison.Ordinal) == true) throw new OllamaException(400, "image URLs are not currently supported, please use base64 encoded data instead");
                flat.Add(url is null
                    ? new JsonObject { ["role"] = message["role"]?.DeepClone(), ["content"] = part["text"]?.DeepClone() ?? "" }
                    : new JsonObject { ["role"] = message["role"]?.DeepClone(), ["content"] = "", ["images"] = new JsonArray(url[(url.IndexOf(',') + 1)..]) });
            }
        }

        return flat;
    }

    private static string Reason(Speech speech) => speech.Call is not null ? "tool_calls" : speech.Most is { } most && speech.Words.Skip(most).Any() ? "length" : "stop";

    private static JsonObject Usage(Speech speech)
    {
        var words = Math.Max(1, speech.Words.Take(speech.Most ?? 1000).Count());
        return new JsonObject { ["prompt_tokens"] = speech.PromptTokens, ["completion_tokens"] = words, ["total_tokens"] = speech.PromptTokens + words };
    }

    private static JsonObject Envelope(JsonObject body, string kind, JsonObject? choice) => new()
    {
        ["id"] = "chatcmpl-17",
        ["object"] = kind,
        ["created"] = 1_795_000_000,
        ["model"] = body["model"]!.GetValue<string>(),
        ["system_fingerprint"] = "fp_ollama",
        ["choices"] = choice is null ? new JsonArray() : new JsonArray(choice),
    };

    private Task EventAsync(HttpContext context, JsonObject data) => Replies.WriteAsync(context, $"data: {data.ToJsonString()}\n\n", state.Options.PieceBytes);
}
