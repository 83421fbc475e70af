namespace LmGateway.Api.Mcp.Routing;

/// <summary>The branch that is checked out in a folder, read from git's own file; git itself is not run.</summary>
internal static class GitBranch
{
    private const string Reference = "ref: refs/heads/";
    private const int LargestHead = 4096;

    /// <summary>Null outside of a repository, on no branch, and where nothing can be read.</summary>
    public static string? Find(string folder)
    {
        try
        {
            for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
                if (HeadOf(Path.Combine(at.FullName, ".git")) is { } head) return BranchOf(head);
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>A work tree of its own has a file that says where its folder is.</summary>
    private static string? HeadOf(string git)
    {
        if (Directory.Exists(git)) return Path.Combine(git, "HEAD");
        if (!File.Exists(git)) return null;
        var text = Read(git);
        return text.StartsWith("gitdir: ", StringComparison.Ordinal) ? Path.Combine(Path.GetDirectoryName(git)!, text["gitdir: ".Length..], "HEAD") : null;
    }

    private static string? BranchOf(string head)
    {
        var text = File.Exists(head) ? Read(head) : "";
        return text.StartsWith(Reference, StringComparison.Ordinal) && text[Reference.Length..] is { Length: > 0 and <= RoutingFacts.LongestBranch } branch ? branch : null;
    }

    private static string Read(string file) => new FileInfo(file).Length <= LargestHead ? File.ReadAllText(file).Trim() : "";
}
