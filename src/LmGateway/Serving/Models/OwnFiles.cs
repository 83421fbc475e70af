using System.Text.RegularExpressions;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Models;

/// <summary>
/// The files that belong to one model and to no other: all of a folder that holds this model alone; of one that holds others too, only
/// the model's own.
/// </summary>
internal sealed partial class OwnFiles
{
    private readonly List<string> files = [];
    private readonly List<string> folders = [];

    private OwnFiles(string folder) => Folder = folder;

    /// <summary>The folder that held the model.</summary>
    public string Folder { get; }

    public IReadOnlyList<string> Files => files;

    /// <summary>Their size.</summary>
    public long Bytes => files.Sum(file => new FileInfo(file) is { Exists: true, LinkTarget: null } info ? info.Length : 0);

    /// <summary>Throws <see cref="ErrorCode.Forbidden"/> for anything that is not below a model's folder, <see cref="ErrorCode.ModelAmbiguous"/> where other models lie in the same place.</summary>
    public static OwnFiles Of(ModelsFolder folder, IReadOnlyList<string> paths, IReadOnlyList<ModelInfo> neighbours)
    {
        string[] real = [.. paths.Select(folder.Confine)];
        var own = new OwnFiles(Directory.Exists(real[0]) ? real[0] : Path.GetDirectoryName(real[0])!);
        foreach (var path in real)
        {
            if (Directory.Exists(path)) own.TakeFolder(folder, path, neighbours);
            else own.TakeFile(folder, path, neighbours);
        }

        return own;
    }

    public void Remove(ModelsFolder folder)
    {
        try
        {
            foreach (var file in files) File.Delete(file);
            foreach (var whole in folders) Directory.Delete(whole, recursive: true);
            folder.Prune(Folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new GatewayException(new GatewayError(ErrorCode.TransferFailed, $"Not every file could be removed: {fault.Message}"), fault);
        }
    }

    private void TakeFolder(ModelsFolder folder, string path, IReadOnlyList<ModelInfo> neighbours)
    {
        if (folder.Depth(path) < 2) throw new GatewayException(ErrorCode.Forbidden, $"{path} is no model's folder. It was not touched.");
        var shared = neighbours.Where(other => IsWithin(other.Path!, folder.Relative(path))).Select(other => other.Key).ToList();
        if (shared.Count > 0)
            throw new GatewayException(new GatewayError(ErrorCode.ModelAmbiguous, $"{path} also holds {string.Join(", ", shared)}. Delete those first, or remove the files by hand.") { Details = shared });
        folders.Add(path);
        files.AddRange(Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }));
    }

    private void TakeFile(ModelsFolder folder, string path, IReadOnlyList<ModelInfo> neighbours)
    {
        var parent = Path.GetDirectoryName(path)!;
        string[] pieces = [.. Directory.EnumerateFiles(parent).Where(file => IsPartOf(path, file))];
        var others = Directory.EnumerateFiles(parent).Where(IsWeights).Except(pieces, StringComparer.Ordinal).Any()
            || neighbours.Any(other => IsWithin(other.Path!, folder.Relative(parent)) && !pieces.Select(folder.Relative).Contains(other.Path, StringComparer.Ordinal));
        if (others || folder.Depth(parent) < 2) files.AddRange(pieces);
        else TakeFolder(folder, parent, []);
    }

    private static bool IsWithin(string path, string folder) => path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    /// <summary>The file itself, or another piece of a model that is split into several files.</summary>
    private static bool IsPartOf(string path, string file)
    {
        if (file == path) return true;
        var (whole, other) = (Piece().Match(path), Piece().Match(file));
        return whole.Success && other.Success && path[..whole.Index] == file[..other.Index];
    }

    /// <summary>A projector belongs to the model beside it.</summary>
    private static bool IsWeights(string file) =>
        Path.GetExtension(file).ToLowerInvariant() is ".gguf" or ".safetensors" && !Path.GetFileName(file).StartsWith("mmproj", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"-\d{5}-of-\d{5}\.\w+$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Piece();
}
