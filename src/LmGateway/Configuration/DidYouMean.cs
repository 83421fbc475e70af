namespace LmGateway.Configuration;

/// <summary>Finds what somebody probably meant to write.</summary>
internal static class DidYouMean
{
    /// <summary>The known name that is nearest, if it is near enough to be a slip of the pen; names are compared without regard to case, dashes and underscores.</summary>
    public static string? Nearest(string written, IEnumerable<string> known)
    {
        var text = Plain(written);
        var reach = Math.Min(3, Math.Max(1, text.Length / 3));
        return known
            .Select(name => (Name: name, Distance: Distance(text, Plain(name))))
            .Where(candidate => candidate.Distance <= reach)
            .OrderBy(candidate => candidate.Distance)
            .Select(candidate => candidate.Name)
            .FirstOrDefault();
    }

    private static string Plain(string name) =>
        string.Concat(name.Where(letter => letter is not ('_' or '-'))).ToLowerInvariant();

    /// <summary>How many letters must be added, removed or changed (Levenshtein).</summary>
    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (from[i - 1] == to[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
