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

    /// <summary>How many letters must be added, removed, changed, or swapped with their neighbour.</summary>
    private static int Distance(string from, string to)
    {
        var table = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++) table[i, 0] = i;
        for (var j = 0; j <= to.Length; j++) table[0, j] = j;
        for (var i = 1; i <= from.Length; i++)
        {
            for (var j = 1; j <= to.Length; j++)
            {
                table[i, j] = Math.Min(Math.Min(table[i - 1, j], table[i, j - 1]) + 1, table[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        }

        return table[from.Length, to.Length];
    }
}
