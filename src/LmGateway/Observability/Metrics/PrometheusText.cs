using System.Globalization;
using System.Text;

namespace LmGateway.Observability.Metrics;

/// <summary>Writes figures in Prometheus' text format, version 0.0.4. Each family is announced once, before its samples.</summary>
internal sealed class PrometheusText
{
    public const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder text = new();

    public override string ToString() => text.ToString();

    /// <summary>Announces a family. A counter's name ends in <c>_total</c>.</summary>
    public void Family(string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    public void Sample(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        text.Append(name);
        Labels(labels, bound: null);
        text.Append(' ').Append(Number(value)).Append('\n');
    }

    /// <summary>A family of one sample without labels.</summary>
    public void Single(string name, string type, string help, double value)
    {
        Family(name, type, help);
        Sample(name, value);
    }

    public void Buckets(string name, Histogram histogram, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var below = histogram.Cumulative();
        for (var i = 0; i < below.Length; i++)
        {
            text.Append(name).Append("_bucket");
            Labels(labels, i < histogram.Bounds.Count ? Number(histogram.Bounds[i]) : "+Inf");
            text.Append(' ').Append(Number(below[i])).Append('\n');
        }

        Sample(name + "_sum", histogram.Sum, labels);
        Sample(name + "_count", below[^1], labels);
    }

    private void Labels(ReadOnlySpan<(string Name, string Value)> labels, string? bound)
    {
        if (labels.IsEmpty && bound is null) return;
        var separator = '{';
        foreach (var (name, value) in labels)
        {
            text.Append(separator).Append(name).Append("=\"").Append(Escaped(value)).Append('"');
            separator = ',';
        }

        if (bound is not null) text.Append(separator).Append("le=\"").Append(bound).Append('"');
        text.Append('}');
    }

    private static string Escaped(string value) =>
        value.AsSpan().IndexOfAny('\\', '"', '\n') < 0 ? value
            : value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
