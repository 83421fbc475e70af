using System.Buffers;
using System.Text;
using System.Text.Unicode;
using LmGateway.Observability;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LmGateway.Tests.Observability;

public sealed class LineFormatterTests
{
    private readonly ManualTime time = new();

    [Fact]
    public void An_entry_is_one_line_with_the_time_the_level_and_who_says_it() =>
        Assert.Matches("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:00\\.000[+-]\\d\\d:\\d\\d warn  Scheduler: The disk is full\n$", Written(LogLevel.Warning, "The disk is full"));

    [Fact]
    public void The_time_of_each_line_is_its_own()
    {
        var formatter = new LineFormatter(time);
        var lines = new ArrayBufferWriter<byte>();
        foreach (var milliseconds in (int[])[7, 990, 5, 60_000])
        {
            time.Advance(TimeSpan.FromMilliseconds(milliseconds));
            formatter.Write(Entry(LogLevel.Error, "x"), lines);
        }

        var times = Encoding.UTF8.GetString(lines.WrittenSpan).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line["yyyy-mm-ddThh:".Length..][.."00:00.000".Length]);
        Assert.Equal(["00:00.007", "00:00.997", "00:01.002", "01:01.002"], times);
    }

    [Theory]
    [InlineData("Loading a\r\nerror: forged\u001b[2J\u0085x", "Loading a  error: forged [2J x")]
    [InlineData("\0\t\u001f\u007f\u0080\u009f", "      ")]
    [InlineData("22 °C\u009b31m, £5, naïve — 模型 🤖\u0080", "22 °C 31m, £5, naïve — 模型 🤖 ")]
    [InlineData("\u00a0\u00c2\u0085Â", "\u00a0\u00c2 Â")]
    public void A_name_that_a_caller_made_up_forges_no_entry_and_steers_no_terminal(string said, string written) =>
        Assert.EndsWith($" info  Scheduler: {written}\n", Written(LogLevel.Information, said));

    [Fact]
    public void Every_control_character_becomes_one_space_and_no_other_character_changes()
    {
        for (var code = 0; code < 0x300; code++)
        {
            var letter = (char)code;
            Assert.EndsWith($" a{(char.IsControl(letter) ? ' ' : letter)}b\n", Written(LogLevel.Information, $"a{letter}b"));
        }
    }

    [Fact]
    public void Half_a_letter_is_written_as_one_that_is_not_known() =>
        Assert.EndsWith(" half \ufffd \ufffda\n", Written(LogLevel.Information, "half \ud83d\u0085\udd16a"));

    [Theory]
    [InlineData(450)]
    [InlineData(512)]
    [InlineData(5000)]
    [InlineData(300_000)]
    public void A_long_line_is_written_to_its_end(int length)
    {
        for (var more = 0; more < 64; more++)
        {
            var text = new string('é', (length + more) / 2) + "!";
            Assert.EndsWith($" info  Scheduler: {text}\n", Written(LogLevel.Information, text));
        }
    }

    private string Written(LogLevel level, string text)
    {
        var line = new ArrayBufferWriter<byte>();
        new LineFormatter(time).Write(Entry(level, text), line);
        return Encoding.UTF8.GetString(line.WrittenSpan);
    }

    private LogEntry Entry(LogLevel level, string text) => new(time.GetUtcNow(), level, "Scheduler", new Said(text));

    private sealed class Said(string text) : ILineText
    {
        public bool TryWrite(Span<byte> utf8, out int written) => Utf8.TryWrite(utf8, $"{text}", out written);
    }
}
