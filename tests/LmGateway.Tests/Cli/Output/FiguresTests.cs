using LmGateway.Cli.Output;
using Xunit;

namespace LmGateway.Tests.Cli.Output;

public sealed class FiguresTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.0 KB")]
    [InlineData(986_045_824, "986.05 MB")]
    [InlineData(2_497_281_120, "2.5 GB")]
    [InlineData(5_000_000_000_000_000, "5000.0 TB")]
    public void Sizes_are_decimal(double bytes, string expected) => Assert.Equal(expected, Figures.Size(bytes));

    [Theory]
    [InlineData(0.25, "250 ms")]
    [InlineData(1.24, "1.2 s")]
    [InlineData(200, "3 m 20 s")]
    [InlineData(7500, "2 h 5 m")]
    [InlineData(273_600, "3 d 4 h")]
    public void Times_have_two_units_at_most(double seconds, string expected) => Assert.Equal(expected, Figures.Time(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void A_table_is_aligned_and_what_is_empty_is_a_dash()
    {
        var table = new TextTable(new Column("name"), new Column("size", Figures: true), new Column("note"));
        table.Add("a", "1", "x");
        table.Add("longer", "1000", (string?)null);
        using var output = new StringWriter();
        table.WritePlain(output);
        Assert.Equal(["NAME    SIZE  NOTE", "a          1  x", "longer  1000  -"], output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }
}
