using System.Text.Json.Nodes;

namespace LmGateway.Tests.Functional.Backends;

/// <summary>What a model said, thought and called, out of an answer in any of the dialects, whole or streamed.</summary>
internal sealed class Answered
{
    public string Text { get; private set; } = "";

    public string Thought { get; private set; } = "";

    public string? Called { get; private set; }

    public int Numbers { get; private set; }

    /// <summary>Every member of every object of the answer is looked at; the places that matter have names of their own in each dialect.</summary>
    public static Answered Read(string answer)
    {
        var read = new Answered();
        var streamed = answer.StartsWith("data: ", StringComparison.Ordinal) || answer.StartsWith("event: ", StringComparison.Ordinal) || answer.StartsWith(": ", StringComparison.Ordinal);
        var documents = streamed ? ServerEvent.Parse(answer).Select(told => told.Data).Where(data => data is not ("[DONE]" or "")) : answer.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var document in documents) read.Take(JsonNode.Parse(document)!.AsObject());
        return read;
    }

    private void Take(JsonObject told)
    {
        switch (told["type"]?.GetValue<string>())
        {
            case "response.output_text.delta": Text += told["delta"]; return;
            case "message.delta" or "fragment": Text += told["content"]; return;
            case "content_block_start": Block(told["content_block"]!.AsObject()); return;
            case "content_block_delta": Text += told["delta"]!["text"]; Thought += told["delta"]!["thinking"]; return;
            case "response.output_item.added" when told["item"]!["type"]?.GetValue<string>() == "function_call": Called = told["item"]!["name"]!.GetValue<string>(); return;
            case { } other when other is not "message": return;
        }

        foreach (var choice in Items(told["choices"])) Choice(choice);
        foreach (var item in Items(told["output"])) Output(item);
        foreach (var entry in Items(told["data"])) Numbers += entry["embedding"] is JsonArray numbers ? numbers.Count : 0;
        if (told["content"] is JsonArray blocks) foreach (var block in blocks) Block(block!.AsObject());
        else if (told["content"] is JsonValue text) Text += text;
    }

    private void Choice(JsonObject choice)
    {
        Text += choice["text"];
        if ((choice["message"] ?? choice["delta"]) is not JsonObject message) return;
        Text += message["content"];
        Thought += message["reasoning_content"] ?? message["reasoning"];
        foreach (var call in Items(message["tool_calls"])) Called ??= call["function"]?["name"]?.GetValue<string>();
    }

    private void Output(JsonObject item)
    {
        if (item["type"]?.GetValue<string>() == "function_call") Called = item["name"]!.GetValue<string>();
        else if (item["content"] is JsonValue text) Text += text;
        else foreach (var part in Items(item["content"])) Text += part["text"];
    }

    private void Block(JsonObject block)
    {
        Text += block["text"];
        Thought += block["thinking"];
        if (block["type"]?.GetValue<string>() == "tool_use") Called = block["name"]!.GetValue<string>();
    }

    private static IEnumerable<JsonObject> Items(JsonNode? list) => (list as JsonArray)?.OfType<JsonObject>() ?? [];
}
