using System.Text.Json;
using System.Text.Json.Nodes;

namespace LmStudio.Client.Tests.Servers;

/// <summary>One recorded frame.</summary>
internal sealed record RecordedFrame(string Direction, string Path, JsonElement Frame)
{
    public bool FromClient => Direction == "C>S";

    /// <summary>The id of the call or channel, or null.</summary>
    public int? Id =>
        Frame.ValueKind != JsonValueKind.Object ? null
        : Frame.TryGetProperty("callId", out var call) ? call.GetInt32()
        : Frame.TryGetProperty("channelId", out var channel) ? channel.GetInt32()
        : null;
}

/// <summary>Frames between LM Studio's own client and a server, from the fixtures.</summary>
internal sealed class Recording
{
    private Recording(IReadOnlyList<RecordedFrame> frames) => Frames = frames;

    public IReadOnlyList<RecordedFrame> Frames { get; }

    public static Recording Load(string name) => new(
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "fixtures", "lmstudio", name))
            .Where(line => line.Length > 0)
            .Select(line => JsonElement.Parse(line))
            .Where(line => line.TryGetProperty("frame", out _))
            .Select(line => new RecordedFrame(line.GetProperty("dir").GetString()!, line.GetProperty("path").GetString()!, line.GetProperty("frame")))]);

    /// <summary>The exchange of these calls and channels alone, with ids counted from 0 as on a fresh connection.</summary>
    public Recording Only(string path, params int[] ids) => new(
        [.. Frames.Where(frame => frame.Path == path && frame.Id is { } id && ids.Contains(id))
            .Select(frame => frame with { Frame = Renumbered(frame.Frame, ids) })]);

    private static JsonElement Renumbered(JsonElement frame, int[] ids)
    {
        var node = JsonNode.Parse(frame.GetRawText())!.AsObject();
        foreach (var name in new[] { "callId", "channelId" })
            if (node[name] is { } id) node[name] = Array.IndexOf(ids, id.GetValue<int>());
        return JsonElement.Parse(node.ToJsonString());
    }
}
