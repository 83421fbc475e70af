using System.Text;
using System.Text.RegularExpressions;

namespace LmGateway.Api.Mcp.Routing;

/// <summary>
/// File patterns as people write them: <c>*</c> within a folder, <c>**</c> across folders, <c>?</c> for one character. A pattern without a
/// slash fits the file's name in any folder.
/// </summary>
internal static class FilePattern
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    public static Regex Compile(string pattern)
    {
        var text = new StringBuilder(pattern.Contains('/', StringComparison.Ordinal) ? "^(?:.*/)?" : "(?:^|/)");
        var rest = pattern.TrimStart('/').AsSpan();
        while (!rest.IsEmpty)
        {
            var (piece, length) = Next(rest);
            text.Append(piece);
            rest = rest[length..];
        }

        return new Regex(text.Append('$').ToString(), RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking, Limit);
    }

    /// <summary>A regular expression of the configuration. One that could take for ever is stopped after a second.</summary>
    public static Regex Expression(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, Limit);
        }
        catch (NotSupportedException)
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, Limit);
        }
    }

    private static (string Piece, int Length) Next(ReadOnlySpan<char> pattern) => pattern switch
    {
        _ when pattern.StartsWith("**/") => ("(?:.*/)?", 3),
        _ when pattern.StartsWith("**") => (".*", 2),
        ['*', ..] => ("[^/]*", 1),
        ['?', ..] => ("[^/]", 1),
        _ => (Regex.Escape(pattern[..1].ToString()), 1),
    };
}
