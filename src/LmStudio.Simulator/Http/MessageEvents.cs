using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>Writes a generation as Anthropic's events: numbered blocks, one open at a time.</summary>
internal sealed class MessageEvents(LoadedInstance instance, int promptTokens)
{
    private bool _started;
    private string? _open;
    private int _index = -1;

    public static (string? Name, JsonObject Payload) Error(string message) =>
        ("error", new JsonObject { ["type"] = "error", ["error"] = new JsonObject { ["type"] = "api_error", ["message"] = message } });

    public async ValueTask SendAsync(EventStream stream, GenerationEvent step)
    {
        if (!_started) await SendAsync(stream, "message_start", new JsonObject { ["message"] = MessagesRoutes.Message(instance, [], null, promptTokens) });
        _started = true;
        switch (step)
        {
            case GenerationEvent.Token { Kind: TokenKind.Reasoning } token:
                await OpenAsync(stream, "thinking", new JsonObject { ["type"] = "thinking", ["thinking"] = "", ["signature"] = "" });
                await DeltaAsync(stream, new JsonObject { ["type"] = "thinking_delta", ["thinking"] = token.Text });
                break;
            case GenerationEvent.Token { Kind: TokenKind.Content } token:
                await OpenAsync(stream, "text", new JsonObject { ["type"] = "text", ["text"] = "" });
                await DeltaAsync(stream, new JsonObject { ["type"] = "text_delta", ["text"] = token.Text });
                break;
            case GenerationEvent.ToolCallStart start:
                var tool = new JsonObject { ["type"] = "tool_use", ["id"] = start.Id, ["name"] = start.Name, ["input"] = new JsonObject() };
                await OpenAsync(stream, "tool " + start.Id, tool);
                break;
            case GenerationEvent.ToolCallArguments arguments:
                await DeltaAsync(stream, new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = arguments.Fragment });
                break;
            case GenerationEvent.Finished finished:
                await FinishAsync(stream, finished.Stats);
                break;
        }
    }

    private async Task FinishAsync(EventStream stream, GenerationStats stats)
    {
        await CloseAsync(stream);
        await SendAsync(stream, "message_delta", new JsonObject
        {
            ["delta"] = new JsonObject { ["stop_reason"] = MessagesRoutes.StopReasonOf(stats), ["stop_sequence"] = stats.StopString },
            ["usage"] = new JsonObject { ["input_tokens"] = stats.PromptTokens, ["output_tokens"] = stats.PredictedTokens },
        });
        if (!stream.ForgetsEnd) await SendAsync(stream, "message_stop", []);
    }

    private async ValueTask OpenAsync(EventStream stream, string kind, JsonObject block)
    {
        if (_open == kind) return;
        await CloseAsync(stream);
        _open = kind;
        _index++;
        await SendAsync(stream, "content_block_start", new JsonObject { ["index"] = _index, ["content_block"] = block });
    }

    private async ValueTask CloseAsync(EventStream stream)
    {
        if (_open is null) return;
        if (_open == "thinking") await DeltaAsync(stream, new JsonObject { ["type"] = "signature_delta", ["signature"] = "simulated" });
        _open = null;
        await SendAsync(stream, "content_block_stop", new JsonObject { ["index"] = _index });
    }

    private ValueTask DeltaAsync(EventStream stream, JsonObject delta) =>
        SendAsync(stream, "content_block_delta", new JsonObject { ["index"] = _index, ["delta"] = delta });

    private static ValueTask SendAsync(EventStream stream, string type, JsonObject members)
    {
        members.Insert(0, "type", type);
        return stream.SendAsync(members, type);
    }
}
