using System.Buffers;
using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Models;

/// <summary>
/// The folder in which the backend keeps its models (<c>lmstudio.models_dir</c>): <c>publisher/model/file</c> below it. Nothing outside of
/// it is ever written or removed, whatever links lie in it.
/// </summary>
internal sealed class ModelsFolder(LiveSettings settings)
{
    private const int LongestName = 255;
    private const int MostLinks = 40;

    private static readonly SearchValues<char> Forbidden = SearchValues.Create("/\\:*?\"<>|");

    /// <summary>Its absolute path.</summary>
    public string Root { get; } = Path.TrimEndingDirectorySeparator(settings.Current.LmStudio.ModelsFolder);

    /// <summary>Where a model of this name would lie if its folders were called as it is. Only for telling people.</summary>
    public string Usual(string model) => Path.Combine(Root, model);

    /// <summary>Where a new file of a model belongs. Throws <see cref="ErrorCode.InvalidRequest"/> for names that are no names of a folder or a file.</summary>
    public string Place(string publisher, string modelDir, string file)
    {
        Check("publisher", publisher);
        Check("model_dir", modelDir);
        Check("object_name", file);
        var path = Path.Combine(Root, publisher, modelDir, file);
        Confine(path);
        return path;
    }

    /// <summary>The path with every link resolved. Throws <see cref="ErrorCode.Forbidden"/> where that is not inside the folder, or is the folder itself.</summary>
    public string Confine(string path)
    {
        var (root, real) = (Real(Root), Real(Path.GetFullPath(path)));
        if (real.StartsWith(root + Path.DirectorySeparatorChar, PathComparison) && real.Length > root.Length + 1) return real;
        throw new GatewayException(ErrorCode.Forbidden, $"{path} is not inside the models folder {Root}{(real == path ? "" : $": it leads to {real}")}. It was not touched.");
    }

    /// <summary>How many folders deep a path lies: 1 for a publisher's folder, 2 for a model's.</summary>
    public int Depth(string real) => Relative(real).Split('/').Length;

    /// <summary>The path below the folder, with forward slashes.</summary>
    public string Relative(string real) => Path.GetRelativePath(Real(Root), real).Replace(Path.DirectorySeparatorChar, '/');

    /// <summary>Removes folders that are empty, from this one upwards; the models folder stays.</summary>
    public void Prune(string folder)
    {
        var root = Real(Root);
        for (var next = folder; next.Length > root.Length && next.StartsWith(root, PathComparison); next = Path.GetDirectoryName(next)!)
        {
            if (!Directory.Exists(next)) continue;
            if (Directory.EnumerateFileSystemEntries(next).Any()) return;
            Directory.Delete(next);
        }
    }

    private static StringComparison PathComparison => OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    private static void Check(string parameter, string name)
    {
        var isName = name.Length is > 0 and <= LongestName && name[0] is not ('.' or '-' or ' ') && name[^1] is not ('.' or ' ')
            && name.AsSpan().IndexOfAny(Forbidden) < 0 && !name.Any(char.IsControl);
        if (!isName)
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, $"'{Shown(name)}' cannot be the name of a folder or a file of a model ({parameter}).") { Parameter = parameter });
    }

    private static string Shown(string name) => new([.. name.Take(80).Select(character => char.IsControl(character) ? '?' : character)]);

    /// <summary>Resolves links in every part of the path that exists.</summary>
    private static string Real(string path, int links = 0)
    {
        var root = Path.GetPathRoot(path)!;
        var real = root;
        foreach (var part in path[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            if (new FileInfo(real).LinkTarget is not { } target) continue;
            if (links >= MostLinks) throw new GatewayException(ErrorCode.Forbidden, $"{path} is a circle of links. It was not touched.");
            real = Real(Path.GetFullPath(target, Path.GetDirectoryName(real)!), links + 1);
        }

        return real;
    }
}
