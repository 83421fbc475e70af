namespace LmGateway.Tests.Examples;

/// <summary>A page of our own, and what becomes of each of its blocks.</summary>
internal sealed class DocumentedPage
{
    private const string NotRun = "not run: ";
    private const string RunBy = "run by: ";

    private readonly IReadOnlyList<Fence> fences;

    public DocumentedPage(string path)
        : this(path, File.ReadAllText(System.IO.Path.Combine(Repository.Root, path)))
    {
    }

    private DocumentedPage(string path, string markdown) => (Path, fences) = (path, Fence.Read(markdown));

    /// <summary>Relative to the repository.</summary>
    public string Path { get; }

    /// <summary>The README and every page below docs.</summary>
    public static IEnumerable<DocumentedPage> All() =>
        Directory.EnumerateFiles(System.IO.Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories).Select(Repository.Relative)
            .Order(StringComparer.Ordinal).Prepend("README.md").Select(path => new DocumentedPage(path));

    public static DocumentedPage Of(string path, string markdown) => new(path, markdown);

    /// <summary>Blocks of commands, each with the block that shows what they print, if one follows.</summary>
    public IEnumerable<(Fence Commands, Fence? Printed)> Commands()
    {
        for (var at = 0; at < fences.Count; at++)
            if (IsCommands(fences[at])) yield return (fences[at], at + 1 < fences.Count && IsPrinted(at + 1) ? fences[at + 1] : null);
    }

    /// <summary>Blocks that are settings.</summary>
    public IEnumerable<Fence> Settings() => fences.Where(IsSettings);

    /// <summary>The tests that blocks say they are run by.</summary>
    public IEnumerable<(Fence Fence, string Test)> RunElsewhere() =>
        fences.Where(fence => fence.Remark.StartsWith(RunBy, StringComparison.Ordinal)).Select(fence => (fence, fence.Remark[RunBy.Length..]));

    /// <summary>Blocks that nobody runs and that do not say why.</summary>
    public IEnumerable<Fence> Unaccounted() => fences.Where((fence, at) => !IsCommands(fence) && !IsPrinted(at) && !IsSettings(fence) && !IsExcused(fence));

    private bool IsPrinted(int at) => at > 0 && fences[at].Language is "json" or "text" && !IsExcused(fences[at]) && IsCommands(fences[at - 1]);

    private static bool IsCommands(Fence fence) => fence.Language == "bash" && !IsExcused(fence);

    private static bool IsSettings(Fence fence) => fence.Language == "yaml" && !IsExcused(fence);

    /// <summary>A reason must be given: the bare words do not do.</summary>
    private static bool IsExcused(Fence fence) =>
        (fence.Remark.StartsWith(NotRun, StringComparison.Ordinal) && fence.Remark.Length > NotRun.Length + 5) || fence.Remark.StartsWith(RunBy, StringComparison.Ordinal);
}
