using System.Text.Json;
using System.Threading.Channels;

namespace LmGateway.Api.Mcp.Tools;

/// <summary>What a call tells of itself while it runs.</summary>
internal readonly record struct ToolMoment(string Message, double? Percent);

internal enum ToolRunState
{
    Running,
    Done,
    Failed,
    Cancelled,
}

/// <summary>A call under way or ended: the same thing whether its client waits for it or asks for it later as a job.</summary>
internal sealed class ToolRun : IDisposable
{
    /// <summary>Moments that nobody has read yet; of more, the oldest go.</summary>
    private const int MostMoments = 64;

    private readonly CancellationTokenSource ending = new();
    private readonly Channel<ToolMoment> moments = Channel.CreateBounded<ToolMoment>(new BoundedChannelOptions(MostMoments) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly TimeProvider time;
    private readonly long started;
    private volatile StrongMoment last = new(new ToolMoment("Starting", null));
    private volatile bool givenUp;
    private volatile ToolAnswer? ended;

    public ToolRun(McpTool tool, TimeProvider time)
    {
        (Tool, this.time) = (tool, time);
        started = time.GetTimestamp();
        moments.Writer.TryWrite(last.Value);
    }

    /// <summary>Unguessable, because whoever knows it may read the answer.</summary>
    public string Id { get; } = $"job_{Guid.NewGuid():N}";

    public McpTool Tool { get; }

    /// <summary>The answer; it never fails. A call that was cancelled has one that says so.</summary>
    public Task<ToolAnswer> Answer { get; set; } = null!;

    /// <summary>The answer once it is there.</summary>
    public ToolAnswer? Ended => Answer.IsCompletedSuccessfully ? ended : null;

    public CancellationToken Ending => ending.Token;

    /// <summary>Somebody asked for the end of this job, as opposed to leaving it.</summary>
    public bool IsGivenUp => givenUp;

    public ToolMoment Last => last.Value;

    public ChannelReader<ToolMoment> Moments => moments.Reader;

    public ToolRunState State => Ended is not { } answer ? ToolRunState.Running : ending.IsCancellationRequested ? ToolRunState.Cancelled : answer.IsError ? ToolRunState.Failed : ToolRunState.Done;

    public TimeSpan Age => time.GetElapsedTime(started);

    public void Tell(string message, double? percent)
    {
        var moment = new ToolMoment(message, percent);
        last = new StrongMoment(moment);
        moments.Writer.TryWrite(moment);
    }

    /// <summary>The last thing a call does.</summary>
    public ToolAnswer End(ToolAnswer answer) => ended = answer;

    /// <summary>Its client left.</summary>
    public void Leave() => ending.Cancel();

    /// <summary>Somebody wants it ended; what it has started ends too.</summary>
    public void GiveUp()
    {
        if (Answer.IsCompleted) return;
        givenUp = true;
        ending.Cancel();
    }

    /// <summary><c>{"job_id", "tool", "status", "message", "percent"?, "seconds"}</c></summary>
    public JsonElement Describe() => McpJson.Object(writer =>
    {
        writer.WriteString("job_id", Id);
        writer.WriteString("tool", Tool.Card.Name);
        writer.WriteString("status", State.ToString().ToLowerInvariant());
        writer.WriteString("message", Last.Message);
        writer.WriteGiven("percent", Last.Percent);
        writer.WriteNumber("seconds", Math.Round(Age.TotalSeconds, 1));
    });

    public void Dispose() => ending.Dispose();

    /// <summary>A moment that can be swapped in one step.</summary>
    private sealed record StrongMoment(ToolMoment Value);
}
