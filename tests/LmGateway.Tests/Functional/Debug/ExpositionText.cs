using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace LmGateway.Tests.Functional.Debug;

/// <summary>Prometheus' text format, read as strictly as its own linter does.</summary>
internal sealed partial class ExpositionText
{
    private readonly Dictionary<string, string> types = [];
    private readonly Dictionary<string, double> samples = [];

    public ExpositionText(string text)
    {
        Assert.EndsWith("\n", text);
        string? family = null;
        foreach (var line in text.Split('\n')[..^1])
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal)) continue;
            if (Announcement().Match(line) is { Success: true } announced)
            {
                family = announced.Groups["name"].Value;
                Assert.True(types.TryAdd(family, announced.Groups["type"].Value), $"{family} is announced twice");
                Assert.True(types[family] != "counter" || family.EndsWith("_total", StringComparison.Ordinal), $"the counter {family} must end in _total");
                continue;
            }

            var sample = Sample().Match(line);
            Assert.True(sample.Success, $"not a sample: {line}");
            var name = sample.Groups["name"].Value;
            Assert.True(family is not null && (name == family || (types[family] == "histogram" && name[..name.LastIndexOf('_')] == family)), $"{name} stands outside its family");
            Assert.True(samples.TryAdd(name + sample.Groups["labels"].Value, double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture)), $"twice: {line}");
        }

        foreach (var histogram in types.Where(type => type.Value == "histogram").Select(type => type.Key)) CheckHistogram(histogram);
    }

    public IReadOnlyCollection<string> Families => types.Keys;

    /// <summary>The value of a sample, named with its labels as it stands in the text.</summary>
    public double this[string sample] => samples[sample];

    public bool Has(string sample) => samples.ContainsKey(sample);

    /// <summary>The sum of all samples of a name.</summary>
    public double Sum(string name) => samples.Where(sample => sample.Key == name || sample.Key.StartsWith(name + "{", StringComparison.Ordinal)).Sum(sample => sample.Value);

    private void CheckHistogram(string name)
    {
        var series = samples.Where(sample => sample.Key.StartsWith(name + "_bucket{", StringComparison.Ordinal)).GroupBy(sample => Bound().Replace(sample.Key, ""));
        foreach (var one in series)
        {
            var counts = one.Select(sample => sample.Value).ToList();
            Assert.Equal(counts.Order(), counts);
            Assert.Contains("le=\"+Inf\"", one.Last().Key, StringComparison.Ordinal);
            Assert.Equal(counts[^1], samples[one.Key.Replace("_bucket", "_count", StringComparison.Ordinal)]);
            Assert.True(samples.ContainsKey(one.Key.Replace("_bucket", "_sum", StringComparison.Ordinal)));
        }
    }

    [GeneratedRegex("^# TYPE (?<name>[a-z_]+) (?<type>counter|gauge|histogram)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Announcement();

    [GeneratedRegex("""^(?<name>[a-z_]+)(?<labels>\{[a-z_]+="([^"\\]|\\["\\n])*"(,[a-z_]+="([^"\\]|\\["\\n])*")*\})? (?<value>[0-9.E+-]+)$""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sample();

    [GeneratedRegex(",?le=\"[^\"]*\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Bound();
}
