using System.Collections.Frozen;

namespace LmGateway.Backends.Mock;

/// <summary>
/// Every file of replies as it was read at one moment, by the name of the model that it is for: its path below the folder, with
/// forward slashes and without <c>.yaml</c>.
/// </summary>
internal sealed class MockLibrary
{
    private const string Otherwise = "default";

    private readonly FrozenDictionary<string, MockFile> files;

    private MockLibrary(IReadOnlyDictionary<string, MockFile> files) => this.files = files.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>What there is without a folder: one reply for every model.</summary>
    public static MockLibrary BuiltIn { get; } = new(new Dictionary<string, MockFile> { [Otherwise] = MockFile.BuiltIn });

    /// <summary>The models that have a file of their own; where there is none, the name of the file that answers for all.</summary>
    public IEnumerable<string> Models => files.Count > 1 || !AnswersAny ? files.Keys.Where(name => !IsDefault(name)).Order(StringComparer.Ordinal) : [Otherwise];

    /// <summary>There is a file for models without one.</summary>
    public bool AnswersAny => files.ContainsKey(Otherwise);

    /// <summary>The file's name and its replies; null where nothing answers for the model.</summary>
    public (string Name, MockFile File)? Find(string model)
    {
        var name = files.ContainsKey(model) ? model : Otherwise;
        return files.TryGetValue(name, out var file) ? (name.ToLowerInvariant(), file) : null;
    }

    /// <summary>Reads a folder; null where it does not exist. Throws <see cref="MockFileException"/> for the first file that cannot be used.</summary>
    public static async Task<MockLibrary?> ReadAsync(string folder, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder)) return null;
        var read = new Dictionary<string, MockFile>(StringComparer.OrdinalIgnoreCase);
        foreach (var path in Directory.EnumerateFiles(folder, "*.y*ml", SearchOption.AllDirectories).Where(IsYaml).Order(StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(folder, path).Replace('\\', '/');
            read[name[..name.LastIndexOf('.')]] = MockFileReader.Read(name, await File.ReadAllTextAsync(path, cancellationToken));
        }

        return read.Count > 0 ? new MockLibrary(read) : throw new MockFileException($"{folder} holds no .yaml files.");
    }

    private static bool IsYaml(string path) => Path.GetExtension(path) is ".yaml" or ".yml";

    private static bool IsDefault(string name) => string.Equals(name, Otherwise, StringComparison.OrdinalIgnoreCase);
}
