using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Ollama.StandIn;

/// <summary><c>/api/generate</c>, <c>/api/chat</c> and <c>/api/embed</c>: what runs a model, loads it or unloads it.</summary>
internal sealed class GenerationRoutes(OllamaState state)
{
    public Task GenerateAsync(HttpContext context, JsonObject body)
    {
        var prompt = body["prompt"]?.GetValue<string>() ?? "";
        var message = new JsonObject { ["role"] = "user", ["content"] = prompt };
        if (body["images"] is { } images) message["images"] = images.DeepClone();
        return RunAsync(context, body, prompt.Length == 0 ? [] : [message], isChat: false);
    }

    public Task ChatAsync(HttpContext context, JsonObject body)
    {
        var messages = body["messages"] as JsonArray ?? [];
        if (messages.Any(message => message?["content"] is not null and not JsonValue))
            throw new OllamaException(400, "json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string");
        return RunAsync(context, body, messages, isChat: true);
    }

    public async Task EmbedAsync(HttpContext context, JsonObject body)
    {
        var model = NativeRoutes.Model(state, body);
        await state.EnsureLoadedAsync(model, Context(body), KeepAlive(body), context.RequestAborted);
        var inputs = body["input"] switch
        {
            null => [],
            JsonValue text => [text.GetValue<string>()],
            JsonArray list => list.Select(item => item is JsonValue value && value.TryGetValue<string>(out var text) ? text : throw new OllamaException(400, "invalid input type")).ToArray(),
            _ => throw new OllamaException(400, "invalid input type"),
        };
        await Replies.JsonAsync(context, new JsonObject
        {
            ["model"] = body["model"]!.GetValue<string>(),
            ["embeddings"] = new JsonArray([.. inputs.Select(input => Vector(input))]),
            ["total_duration"] = 14_143_917,
            ["prompt_eval_count"] = inputs.Sum(input => input.Length),
        });
    }

    /// <summary>Three numbers of length 1.</summary>
    public static JsonArray Vector(string text)
    {
        var (a, b, c) = (1.0 + text.Length, 2.0, 3.0);
        var length = Math.Sqrt((a * a) + (b * b) + (c * c));
        return [Math.Round(a / length, 6), Math.Round(b / length, 6), Math.Round(c / length, 6)];
    }

    private async Task RunAsync(HttpContext context, JsonObject body, JsonArray messages, bool isChat)
    {
        if (state.Faults.Busy) throw new OllamaException(503, "server busy, please try again.  maximum pending requests exceeded");
        var model = NativeRoutes.Model(state, body);
        var named = (body["model"] ?? body["name"])!.GetValue<string>();
        var keepAlive = KeepAlive(body);
        if (messages.Count == 0 && keepAlive == TimeSpan.Zero)
        {
            state.Unload(model);
            await Replies.JsonAsync(context, Chunk(named, isChat, new JsonObject(), "unload"));
            return;
        }

        var think = body["think"];
        if (model.Embeds) throw new OllamaException(400, $"\"{named}\" does not support {(isChat ? "chat" : "generate")}");
        if (think is not null && think.GetValueKind() != JsonValueKind.False && !model.Thinks) throw new OllamaException(400, $"\"{named}\" does not support thinking");
        await state.EnsureLoadedAsync(model, Context(body), keepAlive, context.RequestAborted);
        if (messages.Count == 0)
        {
            await Replies.JsonAsync(context, Chunk(named, isChat, new JsonObject(), "load"));
            return;
        }

        var options = body["options"] as JsonObject;
        var most = options?["num_predict"]?.GetValue<int>() is { } limit and > 0 ? limit : (int?)null;
        var speech = Speech.To(model, messages, body["tools"] as JsonArray, think?.GetValueKind() != JsonValueKind.False, most);
        if (body["stream"]?.GetValue<bool>() ?? true) await StreamAsync(context, named, speech, isChat);
        else await WholeAsync(context, named, speech, isChat);
    }

    private async Task StreamAsync(HttpContext context, string model, Speech speech, bool isChat)
    {
        Replies.Begin(context, "application/x-ndjson");
        using var open = state.OpenStream(context.RequestAborted);
        var spoken = 0;
        foreach (var piece in Pieces(speech, isChat))
        {
            if (spoken == speech.Most) break;
            spoken++;
            await Replies.LineAsync(context, Chunk(model, isChat, piece), state.Options.PieceBytes);
            if (state.Options.Pace > TimeSpan.Zero) await Task.Delay(state.Options.Pace, TimeProvider.System, context.RequestAborted);
        }

        if (state.Faults.InStream is { } error) await Replies.LineAsync(context, new JsonObject { ["error"] = error }, state.Options.PieceBytes);
        else if (!state.Faults.BreakOff) await Replies.LineAsync(context, Last(model, isChat, new JsonObject(), speech, spoken), state.Options.PieceBytes);
    }

    private Task WholeAsync(HttpContext context, string model, Speech speech, bool isChat)
    {
        if (state.Faults.InStream is { } error) throw new OllamaException(500, error);
        var words = speech.Words.Take(speech.Most ?? int.MaxValue).ToArray();
        var piece = new JsonObject { [isChat ? "content" : "response"] = string.Concat(words) };
        if (speech.Thought.Length > 0) piece["thinking"] = speech.Thought;
        if (speech.Call is { } call) piece["tool_calls"] = Calls(call);
        return Replies.JsonAsync(context, Last(model, isChat, piece, speech, words.Length));
    }

    private static IEnumerable<JsonObject> Pieces(Speech speech, bool isChat)
    {
        var text = isChat ? "content" : "response";
        if (speech.Thought.Length > 0) yield return new JsonObject { [text] = "", ["thinking"] = speech.Thought };
        if (speech.Call is { } call) yield return new JsonObject { [text] = "", ["tool_calls"] = Calls(call) };
        foreach (var word in speech.Words) yield return new JsonObject { [text] = word };
    }

    private static JsonArray Calls((string Name, JsonObject Arguments) call) =>
        [new JsonObject { ["id"] = "call_ab12cd34", ["function"] = new JsonObject { ["index"] = 0, ["name"] = call.Name, ["arguments"] = call.Arguments.DeepClone() } }];

    private static JsonObject Chunk(string model, bool isChat, JsonObject piece, string? reason = null)
    {
        var chunk = new JsonObject { ["model"] = model, ["created_at"] = "2026-08-21T10:00:00.123456789Z" };
        if (isChat)
        {
            piece.Insert(0, "role", "assistant");
            piece.TryAdd("content", "");
            chunk["message"] = piece;
        }
        else
        {
            foreach (var (name, value) in piece) chunk[name] = value?.DeepClone();
            chunk.TryAdd("response", "");
        }

        chunk["done"] = reason is not null;
        if (reason is not null) chunk["done_reason"] = reason;
        return chunk;
    }

    /// <summary>Nanoseconds are beyond 32 bits; counts of zero are left out.</summary>
    private static JsonObject Last(string model, bool isChat, JsonObject piece, Speech speech, int spoken)
    {
        var chunk = Chunk(model, isChat, piece, spoken == speech.Most ? "length" : "stop");
        chunk["total_duration"] = 4_883_583_458;
        chunk["load_duration"] = 1_334_875;
        chunk["prompt_eval_count"] = speech.PromptTokens;
        chunk["prompt_eval_duration"] = 342_546_000;
        if (spoken > 0 || speech.Call is not null) chunk["eval_count"] = Math.Max(1, spoken);
        chunk["eval_duration"] = 4_535_599_000;
        return chunk;
    }

    private static int? Context(JsonObject body) => body["options"]?["num_ctx"]?.GetValue<int>();

    /// <summary>Seconds as a number, or a duration with its unit; a number in quotes is refused.</summary>
    public static TimeSpan? KeepAlive(JsonObject body)
    {
        if (body["keep_alive"] is not JsonValue value) return null;
        if (value.GetValueKind() == JsonValueKind.Number) return TimeSpan.FromSeconds(value.GetValue<double>());
        var text = value.GetValue<string>();
        foreach (var (unit, seconds) in new[] { ("ms", 0.001), ("h", 3600.0), ("m", 60.0), ("s", 1.0) })
            if (text.EndsWith(unit, StringComparison.Ordinal) && double.TryParse(text[..^unit.Length], NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
                return TimeSpan.FromSeconds(number * seconds);
        throw new OllamaException(400, $"time: missing unit in duration \"{text}\"");
    }
}
