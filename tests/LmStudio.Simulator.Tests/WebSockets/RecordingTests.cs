using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.WebSockets;

/// <summary>Every frame that the recorded clients sent is answered in the shape that was recorded.</summary>
public sealed class RecordingTests(RecordingTests.Replays replays) : IClassFixture<RecordingTests.Replays>
{
    private const string Session = "lmstudio-sdk-2.0.0.jsonl";
    private const string Errors = "lmstudio-errors.jsonl";
    private const string Token = "lmstudio-token.jsonl";

    public static TheoryData<int, string> SessionFrames() => Frames(Session);

    public static TheoryData<int, string> ErrorFrames() => Frames(Errors);

    public static TheoryData<int, string> TokenFrames() => Frames(Token);

    [Theory]
    [MemberData(nameof(SessionFrames))]
    public void The_sessions_frames_are_answered_as_recorded(int line, string frame) => AssertAnswered(replays.SessionPlayed, line, frame);

    [Theory]
    [MemberData(nameof(ErrorFrames))]
    public void The_bad_frames_are_answered_as_recorded(int line, string frame) => AssertAnswered(replays.ErrorsPlayed, line, frame);

    [Theory]
    [MemberData(nameof(TokenFrames))]
    public void The_frames_with_a_token_are_answered_as_recorded(int line, string frame) => AssertAnswered(replays.TokenPlayed, line, frame);

    private static void AssertAnswered(IReadOnlyList<ReplayedFrame> played, int line, string frame)
    {
        var answer = played.Single(candidate => candidate.Line.Number == line);
        Assert.True(answer.Recorded.SequenceEqual(answer.Answered),
            $"{frame}\nrecorded:\n  {string.Join("\n  ", answer.Recorded)}\nanswered:\n  {string.Join("\n  ", answer.Answered)}");
    }

    private static TheoryData<int, string> Frames(string name)
    {
        var data = new TheoryData<int, string>();
        foreach (var line in Recording.Read(name).Where(line => line.Direction is "C>S" or "CLOSE"))
            data.Add(line.Number, line.Direction == "CLOSE" ? $"{line.Path} CLOSE" : $"{line.Path} {(line.Text!.Length > 100 ? line.Text[..100] + "…" : line.Text)}");
        return data;
    }

    /// <summary>The recordings, each played once in its order.</summary>
    public sealed class Replays : IAsyncLifetime
    {
        internal IReadOnlyList<ReplayedFrame> SessionPlayed { get; private set; } = [];

        internal IReadOnlyList<ReplayedFrame> ErrorsPlayed { get; private set; } = [];

        internal IReadOnlyList<ReplayedFrame> TokenPlayed { get; private set; } = [];

        public async ValueTask InitializeAsync()
        {
            SessionPlayed = await PlayAsync(Session, RunningSimulator.Fast);
            ErrorsPlayed = await PlayAsync(Errors, RunningSimulator.Fast);
            TokenPlayed = await PlayAsync(Token, RunningSimulator.Fast with { ApiToken = "sk-lm-abcdefgh:ABCDEFGHIJKLMNOPQRST" });
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static async Task<IReadOnlyList<ReplayedFrame>> PlayAsync(string name, SimulatorOptions options)
        {
            await using var simulator = await RunningSimulator.StartAsync(options);
            return await new Replay(simulator, Recording.Read(name)).RunAsync();
        }
    }
}
