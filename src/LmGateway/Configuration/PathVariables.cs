using System.Text.RegularExpressions;

namespace LmGateway.Configuration;

/// <summary>What <c>~</c>, <c>$NAME</c>, <c>${NAME}</c> and <c>%NAME%</c> in a path stand for.</summary>
internal sealed partial class PathVariables(string home, IReadOnlyDictionary<string, string> environment)
{
    /// <summary>The path with everything replaced. Null, with the name, where a <c>$NAME</c> is not set.</summary>
    public string? Expand(string path, out string? unknown)
    {
        unknown = null;
        // Most paths have no variables, and a service that has none does not load regular expressions.
        var expanded = path.AsSpan().ContainsAny('$', '%') ? Replace(path, out unknown) : path;
        if (unknown is not null) return null;
        return expanded == "~" || expanded.StartsWith("~/", StringComparison.Ordinal) || expanded.StartsWith("~\\", StringComparison.Ordinal)
            ? home + expanded[1..]
            : expanded;
    }

    private string Replace(string path, out string? unknown)
    {
        string? missing = null;
        var replaced = Reference().Replace(path, match =>
        {
            var name = match.Groups["name"].Value;
            if (ValueOf(name) is { } value) return value;
            if (match.Value[0] != '%') missing ??= name;
            return match.Value;
        });
        unknown = missing;
        return replaced;
    }

    private string? ValueOf(string name) =>
        environment.TryGetValue(name, out var value) && value.Length > 0 ? value
        : name is "HOME" or "USERPROFILE" ? home
        : null;

    [GeneratedRegex(@"\$\{(?<name>\w+)\}|\$(?<name>[A-Za-z_]\w*)|%(?<name>\w+)%", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Reference();
}
