using System.Text;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>Writes a generation as the events of the Responses API, numbered from 0.</summary>
internal sealed class ResponseEvents(ResponseObject response)
{
    private enum Item
    {
        None,
        Reasoning,
        Message,
        FunctionCall,
    }

    private readonly StringBuilder _text = new();
    private Item _open;
    private string _itemId = "";
    private ToolCall? _call;
    private int _sequence;

    /// <summary>The event of a failure; the response is then failed.</summary>
    public (string? Name, JsonObject Payload) Error(string message)
    {
        response.Failure = message;
        return ("response.failed", Numbered("response.failed", new JsonObject { ["response"] = response.ToJson() }));
    }

    public async ValueTask SendAsync(EventStream stream, GenerationEvent step)
    {
        if (_sequence == 0)
        {
            await SendAsync(stream, "response.created", new JsonObject { ["response"] = response.ToJson() });
            await SendAsync(stream, "response.in_progress", new JsonObject { ["response"] = response.ToJson() });
        }

        switch (step)
        {
            case GenerationEvent.Token { Kind: TokenKind.Reasoning or TokenKind.Content } token:
                await TextAsync(stream, token);
                break;
            case GenerationEvent.ToolCallStart start:
                await CloseAsync(stream);
                _call = new ToolCall(start.Id, start.Name, "");
                await OpenAsync(stream, Item.FunctionCall, HttpExchange.NewId("fc_"));
                break;
            case GenerationEvent.ToolCallArguments arguments:
                _text.Append(arguments.Fragment);
                await SendAsync(stream, "response.function_call_arguments.delta", At(new JsonObject { ["delta"] = arguments.Fragment }));
                break;
            case GenerationEvent.Finished finished:
                await FinishAsync(stream, finished.Stats);
                break;
        }
    }

    private async ValueTask TextAsync(EventStream stream, GenerationEvent.Token token)
    {
        var item = token.Kind == TokenKind.Reasoning ? Item.Reasoning : Item.Message;
        if (_open != item)
        {
            await CloseAsync(stream);
            await OpenAsync(stream, item, HttpExchange.NewId(item == Item.Reasoning ? "rs_" : "msg_"));
        }

        _text.Append(token.Text);
        var name = item == Item.Reasoning ? "response.reasoning_text.delta" : "response.output_text.delta";
        await SendAsync(stream, name, At(new JsonObject { ["content_index"] = 0, ["delta"] = token.Text }));
    }

    private async Task OpenAsync(EventStream stream, Item item, string id)
    {
        (_open, _itemId) = (item, id);
        _text.Clear();
        var added = new JsonObject { ["output_index"] = response.Output.Count, ["item"] = Current("in_progress", started: false) };
        await SendAsync(stream, "response.output_item.added", added);
        if (item != Item.Message) return;
        await SendAsync(stream, "response.content_part.added", At(new JsonObject { ["content_index"] = 0, ["part"] = ResponseObject.TextPart("") }));
    }

    private async Task CloseAsync(EventStream stream)
    {
        var text = _text.ToString();
        switch (_open)
        {
            case Item.None:
                return;
            case Item.Reasoning:
                await SendAsync(stream, "response.reasoning_text.done", At(new JsonObject { ["content_index"] = 0, ["text"] = text }));
                break;
            case Item.Message:
                await SendAsync(stream, "response.output_text.done", At(new JsonObject { ["content_index"] = 0, ["text"] = text }));
                await SendAsync(stream, "response.content_part.done", At(new JsonObject { ["content_index"] = 0, ["part"] = ResponseObject.TextPart(text) }));
                break;
            case Item.FunctionCall:
                await SendAsync(stream, "response.function_call_arguments.done", At(new JsonObject { ["arguments"] = text }));
                break;
        }

        var item = Current("completed", started: true);
        await SendAsync(stream, "response.output_item.done", new JsonObject { ["output_index"] = response.Output.Count, ["item"] = item.DeepClone() });
        response.Output.Add(item);
        _open = Item.None;
    }

    private async Task FinishAsync(EventStream stream, GenerationStats stats)
    {
        await CloseAsync(stream);
        response.Stats = stats;
        if (stream.ForgetsEnd) return;
        await SendAsync(stream, response.IsIncomplete ? "response.incomplete" : "response.completed", new JsonObject { ["response"] = response.ToJson() });
    }

    private JsonObject Current(string status, bool started) => _open switch
    {
        Item.Reasoning => ResponseObject.Reasoning(_text.ToString(), _itemId),
        Item.FunctionCall => ResponseObject.FunctionCall(_call! with { Arguments = _text.ToString() }, status, _itemId),
        _ => ResponseObject.Message(_itemId, started ? _text.ToString() : null, status),
    };

    private JsonObject At(JsonObject members)
    {
        members.Insert(0, "item_id", _itemId);
        members.Insert(1, "output_index", response.Output.Count);
        return members;
    }

    private JsonObject Numbered(string type, JsonObject members)
    {
        members.Insert(0, "type", type);
        members["sequence_number"] = _sequence++;
        return members;
    }

    private ValueTask SendAsync(EventStream stream, string type, JsonObject members) => stream.SendAsync(Numbered(type, members), type);
}
