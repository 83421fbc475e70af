using System.Text;
using LmGateway.Observability;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LmGateway.Tests.Observability;

public sealed class LineLogTests
{
    [Fact]
    public void Every_line_is_written_in_its_order_before_the_log_is_closed()
    {
        using var output = new MemoryStream();
        using (var log = new LineLog(TimeProvider.System, output))
        {
            var logger = log.CreateLogger("LmGateway.Observability.Test");
            for (var i = 0; i < 1000; i++) Say(logger, $"line {i}");
        }

        var lines = Lines(output);
        Assert.Equal(1000, lines.Length);
        for (var i = 0; i < lines.Length; i++) Assert.EndsWith($" info  Test: line {i}", lines[i]);
    }

    [Fact]
    public async Task Lines_of_many_threads_are_all_there_and_whole()
    {
        using var output = new MemoryStream();
        using (var log = new LineLog(TimeProvider.System, output))
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
            {
                var logger = log.CreateLogger("Test");
                for (var i = 0; i < 1000; i++) Say(logger, $"thread {thread} line {i}");
            })));
        }

        Assert.Equal(4000, Lines(output).Distinct().Count(line => line.Contains("Test: thread", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_reader_that_stops_reading_holds_nobody_up_and_hears_how_much_it_missed()
    {
        using var output = new StalledStream();
        using (var log = new LineLog(TimeProvider.System, output))
        {
            var logger = log.CreateLogger("Test");
            Say(logger, "the one that the reader stops at");
            output.Stalled.Wait(TestContext.Current.CancellationToken);
            for (var i = 0; i < LineLog.Room + 5; i++) Say(logger, "more");
            output.GoOn.Set();
        }

        var lines = Lines(output);
        Assert.Equal(LineLog.Room, lines.Count(line => line.EndsWith("more", StringComparison.Ordinal)));
        Assert.Contains(lines, line => line.EndsWith("5 lines were dropped because nobody read them.", StringComparison.Ordinal));
    }

    [Fact]
    public void An_exception_stands_on_the_line_of_what_is_said_about_it()
    {
        using var output = new MemoryStream();
        using (var log = new LineLog(TimeProvider.System, output))
            log.CreateLogger("Test").Log(LogLevel.Error, default, "It failed:", new InvalidOperationException("first\nsecond"), (state, _) => state);
        Assert.EndsWith(" error Test: It failed: System.InvalidOperationException: first second", Assert.Single(Lines(output)));
    }

    private static void Say(ILogger logger, string text) => logger.Log(LogLevel.Information, default, text, null, (state, _) => state);

    private static string[] Lines(MemoryStream output) => Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Nobody reads its first write until it is told to go on.</summary>
    private sealed class StalledStream : MemoryStream
    {
        public ManualResetEventSlim Stalled { get; } = new();

        public ManualResetEventSlim GoOn { get; } = new();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Stalled.Set();
            GoOn.Wait();
            base.Write(buffer);
        }
    }
}
