using System.Text.Json.Nodes;

namespace LmStudio.Simulator.Tests.WebSockets;

/// <summary>One client's frame of a recording, the shapes of the answers that were recorded and of those that the simulator gave.</summary>
internal sealed record ReplayedFrame(RecordedLine Line, IReadOnlyList<string> Recorded, IReadOnlyList<string> Answered);

/// <summary>
/// Plays a recording's client against a simulator. Repeats of one shape count once, because how many progress reports or fragments there are
/// is made up; what a frame that goes before still has to say in the same shape is passed over.
/// </summary>
internal sealed class Replay(RunningSimulator simulator, IReadOnlyList<RecordedLine> lines)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, FrameClient> _open = [];
    private readonly Dictionary<string, string> _replacements = new() { ["\"user\":\"a\",\"repo\":\"b\""] = "\"user\":\"meta-llama\",\"repo\":\"Meta-Llama-3-8B-Instruct\"" };
    private string? _previous;

    public async Task<IReadOnlyList<ReplayedFrame>> RunAsync()
    {
        var played = new List<ReplayedFrame>();
        foreach (var line in lines)
        {
            if (IsCancelledLater(line)) simulator.Studio.Change(settings => settings with { LoadTime = TimeSpan.FromMinutes(1) });
            if (line.Direction == "OPEN") _open[line.Path] = await simulator.OpenAsync(line.Path);
            else if (line.Direction == "CLOSE") await _open[line.Path].CloseAsync();
            else if (line.Direction == "C>S") await _open[line.Path].SendAsync(_replacements.Aggregate(line.Text!, (text, pair) => text.Replace(pair.Key, pair.Value, StringComparison.Ordinal)));
            if (line.Direction is "C>S" or "CLOSE") played.Add(await AnswerAsync(line));
        }

        return played;
    }

    /// <summary>What is cancelled must still be under way when the cancel arrives.</summary>
    private bool IsCancelledLater(RecordedLine line) =>
        line.Direction == "C>S" && line.Text!.StartsWith('{') && line.Frame["type"]?.GetValue<string>() == "channelCreate"
        && lines.Skip(line.Number).Any(later => later.Path == line.Path && later.Text == $$$"""{"type":"channelSend","channelId":{{{line.Frame["channelId"]}}},"message":{"type":"cancel"}}""");

    private async Task<ReplayedFrame> AnswerAsync(RecordedLine line)
    {
        var recorded = lines.Skip(line.Number).Where(later => later.Path == line.Path).TakeWhile(later => later.Direction == "S>C").ToList();
        var expected = Distinct(recorded.Select(answer => FrameShape.Of(answer.Text!)));
        var answered = new List<string>();
        while (expected.Count > 0 && await ReceiveAsync(line, recorded) is { } shape)
        {
            if (answered.LastOrDefault(_previous) != shape) answered.Add(shape);
            if (shape == expected[^1]) break;
        }

        _previous = answered.LastOrDefault(_previous);
        return new ReplayedFrame(line, expected, answered);
    }

    private async Task<string?> ReceiveAsync(RecordedLine line, List<RecordedLine> recorded)
    {
        try
        {
            if (await _open[line.Path].ReceiveTextAsync().WaitAsync(Patience) is not { } text) return null;
            NoteUpload(text, recorded[0].Text!);
            return FrameShape.Of(text);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Later frames name the upload as the recorded server did.</summary>
    private void NoteUpload(string answer, string recorded)
    {
        if (JsonNode.Parse(answer)!["result"] is not JsonObject upload || !upload.ContainsKey("fileType")) return;
        var before = JsonNode.Parse(recorded)!["result"]!["identifier"]!.GetValue<string>();
        _replacements[before] = upload["identifier"]!.GetValue<string>();
    }

    private static List<string> Distinct(IEnumerable<string> shapes)
    {
        var distinct = new List<string>();
        foreach (var shape in shapes)
            if (distinct.LastOrDefault() != shape) distinct.Add(shape);
        return distinct;
    }
}
