using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace LmGateway.Tests;

/// <summary>
/// Every numbered item of a document has a test that bears its number (<c>[Trait("req", "S2-33")]</c>), or a line in
/// <c>docs/compatibility*.md</c> that says why it cannot be tested: <c>S2-33 cannot be tested: reason</c>.
/// </summary>
public sealed partial class RequirementsTests
{
    private const int MostExcuses = 3;

    /// <summary>The documents whose items are required, by the beginning of their numbers.</summary>
    private static readonly string[] Documents = ["S0", "S1", "S2", "S3", "S4"];

    private static readonly Dictionary<string, string> Required = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "fixtures", "requirements.txt"))
        .Select(line => line.Split(' '))
        .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);

    [Fact]
    public void Every_item_has_a_test_or_a_reason()
    {
        var covered = Tested().Concat(Excused().Select(excuse => excuse.Number)).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(Required.Keys.Where(number => Documents.Contains(number[..2])).Except(covered).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_test_bears_a_number_that_there_is_not() =>
        Assert.Empty(Tested().Where(number => Documents.Contains(number[..2]) && !Required.ContainsKey(number)).Distinct());

    [Fact]
    public void Few_items_are_excused_none_of_them_literal_and_none_of_them_tested()
    {
        var excused = Excused().ToList();
        Assert.All(excused, excuse =>
        {
            Assert.True(Required.TryGetValue(excuse.Number, out var kind) && kind != "L", $"{excuse.Number} is literal or unknown, so it must be tested.");
            Assert.True(excuse.Reason.Length > 20, $"{excuse.Number} needs a reason.");
        });
        Assert.All(excused.GroupBy(excuse => excuse.Number[..2]), document => Assert.True(document.Count() <= MostExcuses, $"{document.Key} has {document.Count()} excuses."));
        Assert.Empty(excused.Select(excuse => excuse.Number).Intersect(Tested()));
    }

    private static IEnumerable<string> Tested() =>
        from type in typeof(RequirementsTests).Assembly.GetTypes()
        from member in type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly).Append<MemberInfo>(type)
        from trait in member.GetCustomAttributes<TraitAttribute>(inherit: false)
        where trait.Name == "req"
        select trait.Value;

    private static IEnumerable<(string Number, string Reason)> Excused() =>
        from page in Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "compatibility*.md")
        from Match excuse in Excuse().Matches(File.ReadAllText(page))
        select (excuse.Groups["number"].Value, excuse.Groups["reason"].Value);

    [GeneratedRegex(@"^[-* ]*(?<number>S\d-\d\d) cannot be tested: (?<reason>.*)$", RegexOptions.Multiline | RegexOptions.CultureInvariant, 10_000)]
    private static partial Regex Excuse();
}
