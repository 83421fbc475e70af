using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace LmGateway.Tests.Functional.Debug;

/// <summary>
/// Prometheus' text format, read as strictly as <c>promtool check metrics</c> does: each family announced once with its help and its type,
/// before its samples and in one piece; no sample twice; counters that end in <c>_total</c> and nothing else that does; histograms whole.
/// </summary>
internal sealed partial class ExpositionText
{
    private static readonly string[] HistogramParts = ["_bucket", "_sum", "_count"];

    private readonly Dictionary<string, string> types = [];
    private readonly HashSet<string> helped = [];
    private readonly Dictionary<string, double> samples = [];
    private string? family;

    public ExpositionText(string text)
    {
        Assert.EndsWith("\n", text);
        foreach (var line in text.Split('\n')[..^1])
        {
            if (Help().Match(line) is { Success: true } help) Assert.True(helped.Add(help.Groups["name"].Value), $"explained twice: {line}");
            else if (Announcement().Match(line) is { Success: true } announced) Announce(announced.Groups["name"].Value, announced.Groups["type"].Value);
            else Take(line);
        }

        foreach (var histogram in types.Where(type => type.Value == "histogram").Select(type => type.Key)) CheckHistogram(histogram);
        Assert.Equal(helped.Order(), types.Keys.Order());
    }

    public IReadOnlyCollection<string> Families => types.Keys;

    /// <summary>Every sample, named with its labels.</summary>
    public IReadOnlyCollection<string> Samples => samples.Keys;

    /// <summary>The value of a sample, named with its labels as it stands in the text.</summary>
    public double this[string sample] => samples[sample];

    public bool Has(string sample) => samples.ContainsKey(sample);

    /// <summary>The sum of all samples of a name.</summary>
    public double Sum(string name) => samples.Where(sample => sample.Key == name || sample.Key.StartsWith(name + "{", StringComparison.Ordinal)).Sum(sample => sample.Value);

    private void Announce(string name, string type)
    {
        family = name;
        Assert.True(types.TryAdd(name, type), $"{name} is announced twice");
        Assert.True(helped.Contains(name), $"{name} is not explained");
        Assert.Equal(type == "counter", name.EndsWith("_total", StringComparison.Ordinal));
        Assert.DoesNotContain(HistogramParts, part => name.EndsWith(part, StringComparison.Ordinal));
    }

    private void Take(string line)
    {
        var sample = Sample().Match(line);
        Assert.True(sample.Success, $"not a sample: {line}");
        var name = sample.Groups["name"].Value;
        Assert.True(family is not null && (types[family] == "histogram" ? HistogramParts.Any(part => name == family + part) : name == family), $"{name} stands outside its family");
        var labels = sample.Groups["label"].Captures.Select(label => label.Value).ToList();
        Assert.Equal(labels.Distinct(), labels);
        Assert.DoesNotContain(labels, label => label.StartsWith("__", StringComparison.Ordinal));
        Assert.Equal(name.EndsWith("_bucket", StringComparison.Ordinal), labels.Contains("le"));
        var value = sample.Groups["value"].Value switch { "+Inf" => double.PositiveInfinity, "-Inf" => double.NegativeInfinity, "NaN" => double.NaN, var number => double.Parse(number, CultureInfo.InvariantCulture) };
        Assert.True(types[family] == "gauge" || value >= 0, $"counts are never negative: {line}");
        Assert.True(samples.TryAdd(name + sample.Groups["labels"].Value, value), $"twice: {line}");
    }

    private void CheckHistogram(string name)
    {
        var buckets = samples.Where(sample => sample.Key.StartsWith(name + "_bucket{", StringComparison.Ordinal)).GroupBy(sample => Bound().Replace(sample.Key, "")).ToDictionary(one => one.Key);
        foreach (var one in buckets.Values)
        {
            var counts = one.Select(sample => sample.Value).ToList();
            var bounds = one.Select(sample => Bound().Match(sample.Key).Groups["bound"].Value).Select(bound => bound == "+Inf" ? double.PositiveInfinity : double.Parse(bound, CultureInfo.InvariantCulture)).ToList();
            Assert.Equal(counts.Order(), counts);
            Assert.Equal(bounds.Distinct().Order(), bounds);
            Assert.Equal(double.PositiveInfinity, bounds[^1]);
            Assert.Equal(counts[^1], samples[Part(one.Key, "_count")]);
            Assert.True(samples.ContainsKey(Part(one.Key, "_sum")));
        }

        Assert.Equal(buckets.Count, samples.Keys.Count(sample => sample.StartsWith(name + "_count", StringComparison.Ordinal)));
        Assert.Equal(buckets.Count, samples.Keys.Count(sample => sample.StartsWith(name + "_sum", StringComparison.Ordinal)));

        string Part(string bucket, string part) => (name + part + bucket[(name.Length + "_bucket".Length)..]).Replace("{}", "", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^# HELP (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) \S.*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Help();

    [GeneratedRegex("^# TYPE (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<type>counter|gauge|histogram|summary|untyped)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Announcement();

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?<labels>\{(?<label>[a-zA-Z_][a-zA-Z0-9_]*)="([^"\\]|\\["\\n])*"(,(?<label>[a-zA-Z_][a-zA-Z0-9_]*)="([^"\\]|\\["\\n])*")*\})? (?<value>[0-9.E+-]+|[+-]Inf|NaN)$""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sample();

    [GeneratedRegex(",?le=\"(?<bound>[^\"]*)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Bound();
}
