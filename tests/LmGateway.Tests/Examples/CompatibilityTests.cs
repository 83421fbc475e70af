using System.Text.RegularExpressions;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>The page that says where each requirement is tested leaves none out and names only tests that exist.</summary>
public sealed class CompatibilityTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "compatibility.md"));

    [Theory]
    [InlineData("S0", 62)]
    [InlineData("S1", 60)]
    [InlineData("S4", 70)]
    [InlineData("S2", 56)]
    [InlineData("S3", 39)]
    public void Every_requirement_has_one_row(string document, int last)
    {
        var rows = Regex.Matches(Page, $"^\\| (?<numbers>{document}-[^|]*) \\|", RegexOptions.Multiline, TimeSpan.FromSeconds(10));
        var numbers = rows.SelectMany(row => Expand(row.Groups["numbers"].Value));
        Assert.Equal(Enumerable.Range(1, last), numbers);

        static IEnumerable<int> Expand(string part)
        {
            var ends = part.Split(" to ").Select(number => int.Parse(number.Split('-')[1])).ToArray();
            return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
        }
    }

    [Fact]
    public void Every_test_that_is_named_exists()
    {
        var existing = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension).ToHashSet();
        var named = Regex.Matches(Page, "`(?<name>[A-Za-z]+Tests)`", RegexOptions.None, TimeSpan.FromSeconds(10)).Select(match => match.Groups["name"].Value).Distinct();
        Assert.All(named, name => Assert.Contains(name, existing));
    }
}
