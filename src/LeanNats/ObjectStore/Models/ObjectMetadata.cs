using System.Text.Json.Serialization;

namespace LeanNats.ObjectStore.Models;

/// <summary>An object without its content. Who puts one sets the name, and if wanted the description, the metadata, headers and chunk size.</summary>
public sealed record ObjectMetadata
{
    /// <summary>The name; any text.</summary>
    public string Name { get; init; } = "";

    /// <summary>What the object is.</summary>
    public string? Description { get; init; }

    /// <summary>The bucket it lies in.</summary>
    public string? Bucket { get; init; }

    /// <summary>The id of this very content; a new one with each put. Null for a link.</summary>
    public string? Nuid { get; init; }

    /// <summary>The bytes of the content.</summary>
    public long Size { get; init; }

    /// <summary>In how many messages the content lies.</summary>
    public long Chunks { get; init; }

    /// <summary><c>SHA-256=</c> and the hash of the content in URL-safe base64.</summary>
    public string? Digest { get; init; }

    /// <summary>When it was put or changed.</summary>
    [JsonPropertyName("mtime")]
    public DateTimeOffset MTime { get; init; }

    /// <summary>Facts of the user.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Headers of the user.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Headers { get; init; }

    /// <summary>True when the object was deleted.</summary>
    public bool Deleted { get; init; }

    /// <summary>How it is stored.</summary>
    public MetaDataOptions? Options { get; init; }

    /// <summary>True for a name that stands for another object, or for a bucket.</summary>
    [JsonIgnore]
    public bool IsLink => Options?.Link is not null;
}

/// <summary>How an object is stored.</summary>
public sealed record MetaDataOptions
{
    /// <summary>What a link stands for.</summary>
    public NatsObjLink? Link { get; init; }

    /// <summary>The bytes of one chunk; 128 KiB by default. A chunk and its headers must fit into a message.</summary>
    public int? MaxChunkSize { get; init; }
}

/// <summary>What a link stands for.</summary>
public sealed record NatsObjLink
{
    /// <summary>The object's name; null for the whole bucket.</summary>
    public string? Name { get; init; }

    /// <summary>The bucket.</summary>
    public string Bucket { get; init; } = "";
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ObjectMetadata))]
internal sealed partial class ObjectJsonContext : JsonSerializerContext;
