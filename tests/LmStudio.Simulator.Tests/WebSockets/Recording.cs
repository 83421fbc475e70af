using System.Text.Json.Nodes;

namespace LmStudio.Simulator.Tests.WebSockets;

/// <summary>One line of a recording: what happened, on which namespace, and the frame if there was one.</summary>
internal sealed record RecordedLine(int Number, string Direction, string Path, string? Text)
{
    public JsonNode Frame => JsonNode.Parse(Text!)!;
}

/// <summary>A recorded session, in the order it happened.</summary>
internal static class Recording
{
    public static IReadOnlyList<RecordedLine> Read(string name) =>
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "fixtures", "lmstudio", name)).Select((text, index) =>
        {
            var line = JsonNode.Parse(text)!;
            return new RecordedLine(index + 1, line["dir"]!.GetValue<string>(), line["path"]!.GetValue<string>(), line["frame"]?.ToJsonString() ?? line["text"]?.GetValue<string>());
        }),
    ];
}
