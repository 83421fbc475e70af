using System.Collections.Immutable;

namespace LmStudio.Simulator.Engine;

/// <summary>
/// The models folder. What lies in it is what is downloaded: it is read again on every listing, so files that someone
/// adds appear and files that someone removes vanish.
/// </summary>
public sealed class ModelFolder : IDisposable
{
    private readonly bool _temporary;
    private readonly Lock _reading = new();
    private ImmutableArray<SimulatedModel> _models = [];

    internal ModelFolder(SimulatorOptions options)
    {
        _temporary = options.ModelsDirectory is null;
        Root = Path.GetFullPath(options.ModelsDirectory ?? Directory.CreateTempSubdirectory("lmstudio-models-").FullName);
        Directory.CreateDirectory(Root);
        if (options.Stocked)
            foreach (var model in ModelStock.World.Where(model => model.Stocked)) Add(model, model.Option(null)!);
        foreach (var key in options.ExtraModels)
        {
            var model = ModelStock.MadeUp(key);
            Add(model, model.Option(null)!);
        }

        List();
    }

    /// <summary>The folder's absolute path.</summary>
    public string Root { get; }

    /// <summary>The models as of the last listing; reads nothing.</summary>
    public IReadOnlyList<SimulatedModel> Known => _models;

    /// <summary>Reads the folder and answers what is there now, by key.</summary>
    public IReadOnlyList<SimulatedModel> List()
    {
        lock (_reading) return _models = [.. Read().OrderBy(model => model.Key, StringComparer.Ordinal)];
    }

    /// <summary>
    /// The models that answer to a name, best first: by key, by variant, by path, and by <c>publisher/name</c> for a model
    /// whose key is only <c>name</c>. Empty when there is none.
    /// </summary>
    public IReadOnlyList<SimulatedModel> Find(string name)
    {
        var models = List();
        var exact = models.Where(model => model.Key == name).ToList();
        if (exact.Count > 0) return exact;
        return [.. models.Where(model =>
            model.Variants.Contains(name, StringComparer.Ordinal)
            || model.Path.Equals(name, StringComparison.Ordinal)
            || $"{model.Publisher}/{model.Key}".Equals(name, StringComparison.OrdinalIgnoreCase)
            || model.Files.Any(file => file.StartsWith(name + "/", StringComparison.OrdinalIgnoreCase)))];
    }

    /// <summary>Puts a model's file in place.</summary>
    public void Add(DownloadableModel model, DownloadOption option) => model.CardOf(option).WriteTo(Path.Combine(Root, model.FileOf(option)));

    /// <summary>Whether a model's file is there.</summary>
    public bool Has(DownloadableModel model, DownloadOption option) => File.Exists(Path.Combine(Root, model.FileOf(option)));

    public void Dispose()
    {
        if (!_temporary) return;
        try
        {
            Directory.Delete(Root, recursive: true);
        }
        catch (IOException)
        {
            // Someone still holds a file of it; the operating system's cleaning of temporary folders will do.
        }
    }

    private IEnumerable<SimulatedModel> Read()
    {
        foreach (var publisher in Folders(Root))
        foreach (var folder in Folders(publisher.FullName))
        {
            var files = Files(folder);
            var weights = files.Where(file => !file.Name.StartsWith("mmproj", StringComparison.OrdinalIgnoreCase)).ToList();
            var cards = weights.Select(file => (file, card: ModelCard.Read(file))).Where(pair => pair.card is not null).ToList();
            foreach (var (file, card) in cards)
                yield return Describe(publisher.Name, file, card! with { Vision = card.Vision || files.Count > weights.Count }, several: cards.Count > 1);
        }
    }

    private SimulatedModel Describe(string publisher, FileInfo file, ModelCard card, bool several)
    {
        var path = Path.GetRelativePath(Root, file.FullName).Replace('\\', '/');
        var name = card.CatalogKey ?? NameOf(file.Directory!.Name, card.Embedding);
        var variant = $"{name}@{card.Quant.ToLowerInvariant()}";
        return new SimulatedModel
        {
            Key = several ? variant : name,
            Domain = card.Embedding ? ModelDomain.Embedding : ModelDomain.Llm,
            DisplayName = card.DisplayName ?? file.Directory!.Name,
            Publisher = publisher,
            Path = card.CatalogKey ?? path,
            Files = [path],
            SizeBytes = card.SizeBytes ?? file.Length,
            ParamsString = card.Params,
            Architecture = card.Architecture,
            Quantization = new Quantization(card.Quant, card.Bits),
            Variants = card.CatalogKey is null ? [] : [variant],
            SelectedVariant = card.CatalogKey is null ? null : variant,
            Vision = card.Vision && !card.Embedding,
            TrainedForToolUse = card.Tools,
            MaxContextLength = card.MaxContextLength,
        };
    }

    /// <summary>The key follows from the folder's name, not from the file's; embedding models get their prefix.</summary>
    private static string NameOf(string folder, bool embedding)
    {
        var name = folder.ToLowerInvariant();
        if (name.EndsWith("-gguf", StringComparison.Ordinal)) name = name[..^"-gguf".Length];
        return embedding && !name.StartsWith("text-embedding-", StringComparison.Ordinal) ? "text-embedding-" + name : name;
    }

    private static List<DirectoryInfo> Folders(string path)
    {
        try
        {
            var folders = new DirectoryInfo(path).EnumerateDirectories().Where(folder => !folder.Name.StartsWith('.'));
            return [.. folders.OrderBy(folder => folder.Name, StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static List<FileInfo> Files(DirectoryInfo folder)
    {
        try
        {
            return [.. folder.EnumerateFiles("*.gguf").OrderBy(file => file.Name, StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}
