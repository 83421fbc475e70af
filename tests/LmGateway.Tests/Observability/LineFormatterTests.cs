using LmGateway.Observability;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LmGateway.Tests.Observability;

public sealed class LineFormatterTests
{
    [Fact]
    public void An_entry_is_one_line_with_the_time_the_level_and_who_says_it() =>
        Assert.Matches("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:00\\.000[+-]\\d\\d:\\d\\d warn  Scheduler: The disk is full\n$", Written(LogLevel.Warning, "The disk is full"));

    [Fact]
    public void A_name_that_a_caller_made_up_forges_no_entry_and_steers_no_terminal()
    {
        var line = Written(LogLevel.Information, "Loading a\r\nerror: forged\u001b[2J\u0085x");
        Assert.EndsWith("info  Scheduler: Loading a  error: forged [2J x\n", line);
    }

    [Fact]
    public void An_exception_stands_on_the_same_line()
    {
        var line = Written(LogLevel.Error, "It failed:", new InvalidOperationException("first\nsecond"));
        Assert.EndsWith("error Scheduler: It failed: System.InvalidOperationException: first second\n", line);
    }

    private static string Written(LogLevel level, string text, Exception? exception = null) => new LineFormatter(new ManualTime()).Line(level, "Scheduler", text, exception);
}
