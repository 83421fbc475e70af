using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LmStudio.Simulator.Engine;

/// <summary>What a simulated model file says about itself: the magic of a GGUF file, then this record as JSON.</summary>
internal sealed record ModelCard
{
    /// <summary>The key, when it does not follow from the folder's name (models of the catalog).</summary>
    public string? CatalogKey { get; init; }

    public string? DisplayName { get; init; }
    public string? Params { get; init; }
    public string? Architecture { get; init; }
    public string Quant { get; init; } = "Q4_K_M";
    public int Bits { get; init; } = 4;
    public long? SizeBytes { get; init; }
    public bool Embedding { get; init; }
    public bool Vision { get; init; }
    public bool Tools { get; init; }
    public int MaxContextLength { get; init; } = 32768;

    private static readonly byte[] Magic = "GGUF\n"u8.ToArray();

    /// <summary>Writes the small file that stands in for the weights; the file appears whole or not at all.</summary>
    public void WriteTo(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var partial = file + ".part";
        File.WriteAllBytes(partial, [.. Magic, .. JsonSerializer.SerializeToUtf8Bytes(this, ModelCardJson.Default.ModelCard)]);
        File.Move(partial, file, overwrite: true);
    }

    /// <summary>Reads a file's card; a foreign file gets one guessed from its name and length. Null when the file is gone.</summary>
    public static ModelCard? Read(FileInfo file)
    {
        try
        {
            if (file.Length < 64 * 1024)
            {
                var bytes = File.ReadAllBytes(file.FullName);
                if (bytes.AsSpan().StartsWith(Magic)
                    && JsonSerializer.Deserialize(bytes.AsSpan(Magic.Length), ModelCardJson.Default.ModelCard) is { } card) return card;
            }
        }
        catch (JsonException)
        {
            // A foreign file: guessed below.
        }
        catch (IOException)
        {
            return null;
        }

        return Guess(file);
    }

    private static ModelCard? Guess(FileInfo file)
    {
        if (!file.Exists) return null;
        var name = file.Directory!.Name + " " + file.Name;
        return new ModelCard
        {
            Embedding = name.Contains("embed", StringComparison.OrdinalIgnoreCase),
            Vision = name.Contains("-vl", StringComparison.OrdinalIgnoreCase),
            Architecture = "llama",
            Quant = Quantisation(file.Name) ?? "Q4_K_M",
            SizeBytes = file.Length,
        };
    }

    /// <summary>The quantisation that a file's name ends in (<c>model-Q8_0.gguf</c>), or null.</summary>
    private static string? Quantisation(string fileName)
    {
        var name = Encoding.ASCII.GetString(Encoding.ASCII.GetBytes(Path.GetFileNameWithoutExtension(fileName))).ToUpperInvariant();
        var last = name[(name.LastIndexOfAny(['-', '.']) + 1)..];
        return last.Length >= 2 && last[0] is 'Q' or 'F' && char.IsDigit(last[1]) ? last : null;
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(ModelCard))]
internal sealed partial class ModelCardJson : JsonSerializerContext;
