using System.Text.RegularExpressions;

namespace LmGateway.Tests.Examples;

/// <summary>One fenced block of a Markdown document, named by the heading it stands under and its place there.</summary>
internal sealed partial record Fence(string Heading, int Place, string Info, string Text)
{
    /// <summary><c>List Models</c> for the only block of its heading, else <c>Error Handling #2</c>.</summary>
    public string Name { get; private init; } = Heading;

    /// <summary>The line of the document on which it opens.</summary>
    public int Line { get; private init; }

    /// <summary>What a comment just before it says of it: <c>not run: needs systemd</c>, <c>run by: MockRepliesTests</c>. Empty without one.</summary>
    public string Remark { get; private init; } = "";

    /// <summary>The first word after the opening fence: <c>bash</c>, <c>json</c>.</summary>
    public string Language => Info.Split(' ')[0];

    public static IReadOnlyList<Fence> ReadSource(string file) =>
        Read(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "sources", file)));

    /// <summary>All blocks in order. Those inside a list lose the list's indentation.</summary>
    public static IReadOnlyList<Fence> Read(string markdown)
    {
        var fences = new List<Fence>();
        var heading = "";
        markdown = markdown.ReplaceLineEndings("\n");
        foreach (Match match in Parts().Matches(markdown))
        {
            if (match.Groups["heading"] is { Success: true } next) heading = next.Value.Trim();
            else fences.Add(new Fence(heading, fences.Count(fence => fence.Heading == heading) + 1, match.Groups["info"].Value.Trim(), Unindent(match))
            {
                Line = markdown.AsSpan(0, match.Groups["fence"].Index).Count('\n') + 1,
                Remark = match.Groups["remark"].Value.Trim(),
            });
        }

        return [.. fences.Select(fence => fences.Count(other => other.Heading == fence.Heading) == 1 ? fence : fence with { Name = $"{fence.Heading} #{fence.Place}" })];
    }

    private static string Unindent(Match match)
    {
        var indent = match.Groups["indent"].Value;
        return string.Join('\n', match.Groups["text"].Value.Split('\n').Select(line => line.StartsWith(indent, StringComparison.Ordinal) ? line[indent.Length..] : line)).Trim('\n');
    }

    /// <summary>A fence swallows what looks like a heading inside it: a comment of a shell script.</summary>
    [GeneratedRegex("""(^ *<!-- (?<remark>[^\n]*?) -->\n+)?^(?<indent> *)(?<fence>```)(?<info>[^\n`]*)\n(?<text>.*?)^ *```|^\#+ (?<heading>[^\n]+)""", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Parts();
}
