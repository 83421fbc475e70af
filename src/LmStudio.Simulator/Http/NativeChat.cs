using System.Text;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>One answer of the native chat: its events, and the result that ends the stream or is the whole reply.</summary>
internal sealed class NativeChat(HttpExchange exchange, bool stored)
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _reasoning = new();
    private string _instanceId = "";
    private string? _part;
    private GenerationStats? _stats;
    private double? _loadSeconds;
    private bool _prompted;

    public EventStream? Stream { get; private set; }

    public bool IsStreamed { get; set; }

    /// <summary>The id under which the conversation is stored, or null.</summary>
    public string? ResponseId { get; } = stored ? HttpExchange.NewResponseId() : null;

    public string Text => _text.ToString();

    /// <summary>Reports a step of the load; the instance when it is there.</summary>
    public async Task<LoadedInstance?> LoadStepAsync(LoadEvent step)
    {
        switch (step)
        {
            case LoadEvent.Starting starting:
                _instanceId = starting.Identifier;
                await SendAsync("model_load.start", new JsonObject { ["model_instance_id"] = _instanceId });
                return null;
            case LoadEvent.Progress progress:
                await SendAsync("model_load.progress", new JsonObject { ["model_instance_id"] = _instanceId, ["progress"] = progress.Value });
                return null;
            case LoadEvent.Loaded loaded:
                _loadSeconds = Math.Round(loaded.Took.TotalSeconds, 3);
                await SendAsync("model_load.end", new JsonObject { ["model_instance_id"] = _instanceId, ["load_time_seconds"] = _loadSeconds });
                return loaded.Instance;
            case LoadEvent.AlreadyLoaded already:
                _instanceId = already.Instance.Identifier;
                return already.Instance;
            default:
                return null;
        }
    }

    /// <summary>The stream, opened with <c>chat.start</c> when it is first needed.</summary>
    public async Task<EventStream> OpenAsync()
    {
        if (Stream is not null) return Stream;
        Stream = await EventStream.StartAsync(exchange, Error);
        await SendAsync("chat.start", new JsonObject { ["model_instance_id"] = _instanceId });
        return Stream;
    }

    public async ValueTask SendAsync(EventStream stream, GenerationEvent step)
    {
        switch (step)
        {
            case GenerationEvent.PromptProgress progress:
                if (!_prompted) await SendAsync("prompt_processing.start", []);
                _prompted = true;
                await SendAsync("prompt_processing.progress", new JsonObject { ["progress"] = progress.Fraction });
                if (progress.Processed == progress.Total) await SendAsync("prompt_processing.end", []);
                break;
            case GenerationEvent.Token { Kind: TokenKind.Reasoning or TokenKind.Content } token:
                await PartAsync(token.Kind == TokenKind.Reasoning ? "reasoning" : "message");
                (token.Kind == TokenKind.Reasoning ? _reasoning : _text).Append(token.Text);
                await SendAsync($"{_part}.delta", new JsonObject { ["content"] = token.Text });
                break;
            case GenerationEvent.Finished finished:
                await PartAsync(null);
                _stats = finished.Stats;
                break;
        }
    }

    /// <summary>Takes a whole answer.</summary>
    public void Add(Answer answer)
    {
        _text.Append(answer.Text);
        _reasoning.Append(answer.Reasoning);
        _stats = answer.Stats;
    }

    /// <summary>Ends a stream that failed before anything was generated.</summary>
    public async Task FailAsync(string message)
    {
        var (name, payload) = Error(message);
        await Stream!.SendAsync(payload, name);
        await EndAsync();
    }

    /// <summary>Sends <c>chat.end</c>, which ends every stream, after an error too.</summary>
    public async Task EndAsync()
    {
        if (!Stream!.ForgetsEnd) await SendAsync("chat.end", new JsonObject { ["result"] = Result() });
    }

    public JsonObject Result()
    {
        var output = new JsonArray();
        if (_reasoning.Length > 0) output.Add(new JsonObject { ["type"] = "reasoning", ["content"] = _reasoning.ToString() });
        if (_text.Length > 0) output.Add(new JsonObject { ["type"] = "message", ["content"] = _text.ToString() });
        var stats = new JsonObject
        {
            ["input_tokens"] = _stats?.PromptTokens ?? 0,
            ["total_output_tokens"] = _stats?.PredictedTokens ?? 0,
            ["reasoning_output_tokens"] = _stats?.ReasoningTokens ?? 0,
            ["tokens_per_second"] = _stats?.TokensPerSecond ?? 0,
            ["time_to_first_token_seconds"] = _stats?.TimeToFirstToken.TotalSeconds ?? 0,
        };
        if (_loadSeconds is not null) stats["model_load_time_seconds"] = _loadSeconds;
        var result = new JsonObject { ["model_instance_id"] = _instanceId, ["output"] = output, ["stats"] = stats };
        if (ResponseId is not null) result["response_id"] = ResponseId;
        return result;
    }

    private static (string? Name, JsonObject Payload) Error(string message) =>
        ("error", new JsonObject { ["type"] = "error", ["error"] = new JsonObject { ["type"] = "internal_error", ["message"] = message } });

    private async ValueTask PartAsync(string? part)
    {
        if (_part == part) return;
        if (_part is not null) await SendAsync($"{_part}.end", []);
        _part = part;
        if (part is not null) await SendAsync($"{part}.start", []);
    }

    private async ValueTask SendAsync(string type, JsonObject members)
    {
        if (!IsStreamed) return;
        if (Stream is null) await OpenAsync();
        members.Insert(0, "type", type);
        await Stream!.SendAsync(members, type);
    }
}
