using System.Globalization;
using System.Text.RegularExpressions;

namespace LmStudio.Simulator.Engine;

/// <summary>What the simulated model will say: thoughts, then text, then tool calls. It follows from the prompt alone.</summary>
internal sealed partial record Reply
{
    public IEnumerable<string> Reasoning { get; private init; } = [];
    public IEnumerable<string> Content { get; private init; } = [];
    public IReadOnlyList<ToolCall> ToolCalls { get; private init; } = [];

    /// <summary>
    /// "count to N" counts; a prompt that names a tool (or must call one) calls it; a tool's result is reported; a schema
    /// gets a fitting JSON text; anything else is echoed, images named first.
    /// </summary>
    public static Reply To(GenerationRequest request, SimulatedModel model)
    {
        var last = request is { RawPrompt: null, Messages.Count: > 0 } ? request.Messages[^1] : new PromptMessage("user", request.RawPrompt ?? "");
        var thoughts = request.Reasoning && model.Reasons ? Tokenizer.Split($"The user wrote {Tokenizer.Count(last.Text)} tokens. I answer them.") : [];
        var calls = ToolCallsFor(request, last);
        if (calls.Count > 0) return new Reply { Reasoning = thoughts, ToolCalls = calls };
        return new Reply { Reasoning = thoughts, Content = Text(request, last) };
    }

    private static IEnumerable<string> Text(GenerationRequest request, PromptMessage last)
    {
        if (request.Schema is { } schema) return Tokenizer.Split(SchemaExample.For(schema, string.Concat(Plain(request, last))));
        return Plain(request, last);
    }

    private static IEnumerable<string> Plain(GenerationRequest request, PromptMessage last)
    {
        if (last.Role == "tool") return Tokenizer.Split($"The tool answered: {last.Text}");
        if (CountTo().Match(last.Text) is { Success: true } match) return Numbers(int.Parse(match.Groups["limit"].ValueSpan, CultureInfo.InvariantCulture));
        var images = request.Messages.SelectMany(message => message.Images).ToList();
        return Tokenizer.Split(Seen(images) + (last.Text.Length == 0 ? "You said nothing." : $"You said: {last.Text}"));
    }

    private static IEnumerable<string> Numbers(int limit)
    {
        for (var number = 1; number <= limit; number++)
            yield return number == 1 ? "1" : string.Create(CultureInfo.InvariantCulture, $", {number}");
    }

    private static string Seen(List<PromptImage> images)
    {
        if (images.Count == 0) return "";
        var list = string.Join("; ", images.Select(image => $"{image.MediaType}, {image.Bytes} bytes"));
        return $"I see {images.Count} image{(images.Count == 1 ? "" : "s")} ({list}). ";
    }

    private static List<ToolCall> ToolCallsFor(GenerationRequest request, PromptMessage last)
    {
        if (request.Tools.Count == 0 || request.ToolChoice == ToolChoice.None || last.Role == "tool") return [];
        var named = request.Tools.Where(tool => Mentions(last.Text, tool.Name)).ToList();
        if (named.Count == 0 && request.ToolChoice == ToolChoice.Required) named.Add(request.Tools[0]);
        return [.. named.Select((tool, index) => new ToolCall(
            ToolCallId(request, tool.Name, index),
            tool.Name,
            tool.Parameters is { } schema ? SchemaExample.For(schema, last.Text) : "{}"))];
    }

    private static bool Mentions(string text, string tool) =>
        text.Contains(tool, StringComparison.OrdinalIgnoreCase) || text.Contains(tool.Replace('_', ' '), StringComparison.OrdinalIgnoreCase);

    /// <summary>LM Studio's ids are numbers; the number differs from turn to turn of one conversation.</summary>
    private static string ToolCallId(GenerationRequest request, string tool, int index)
    {
        var seed = Tokenizer.Encode(tool).Sum(id => (long)id) + request.Messages.Count * 7919L + index * 104729L;
        return (100_000_000 + seed * 48271 % 900_000_000).ToString(CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(
        @"\bcount\s+(from\s+1\s+)?to\s+(?<limit>[0-9]{1,6})\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex CountTo();
}
