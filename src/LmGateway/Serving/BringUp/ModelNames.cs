using LmGateway.Vocabulary;

namespace LmGateway.Serving.BringUp;

/// <summary>
/// Says whether a model that is here is the one that people mean by a name they wrote, however the backend calls it: letter case,
/// <c>-gguf</c>, the publisher, <c>@quant</c> and <c>:tag</c> are written differently by everyone. One name never stands for a longer one.
/// </summary>
internal static class ModelNames
{
    private const string LatestTag = "latest";

    private static readonly string[] Hosts = ["https://huggingface.co/", "http://huggingface.co/", "huggingface.co/", "hf.co/", "https://lmstudio.ai/models/"];

    /// <summary>The key under which the named model is here; null where it is not.</summary>
    public static string? FindKey(IEnumerable<ModelInfo> models, string name)
    {
        var asked = Parts.Of(name);
        string? found = null;
        foreach (var model in models)
        {
            if (string.Equals(model.Key, name, StringComparison.OrdinalIgnoreCase)) return model.Key;
            found ??= KeyOf(model, asked);
        }

        return found;
    }

    private static string? KeyOf(ModelInfo model, Parts asked)
    {
        var key = Parts.Of(model.Key);
        var repository = RepositoryOf(model);
        if (asked.Name != key.Name && asked.Name != repository?.Name) return null;
        if (!IsFrom(asked.Publisher, key.Publisher, model.Publisher?.ToLowerInvariant(), repository?.Publisher)) return null;
        if (key.IsTagged) return (asked.Version ?? LatestTag) == key.Version ? model.Key : null;
        if (asked.Version is not { } version || version == key.Version) return model.Key;
        if (asked.IsTagged) return null;
        if (key.Version is null && version == model.Quantization?.ToLowerInvariant()) return model.Key;
        return model.Variants.FirstOrDefault(variant => Parts.Of(variant).Version == version);
    }

    /// <summary>Who publishes is told in several places, and seldom in all; where nobody is told, nobody is wrong.</summary>
    private static bool IsFrom(string? asked, params ReadOnlySpan<string?> told)
    {
        if (asked is null) return true;
        var silent = true;
        foreach (var publisher in told)
        {
            if (publisher == asked) return true;
            silent &= publisher is null;
        }

        return silent;
    }

    /// <summary>The folders of a model's path are the repository that it was downloaded from.</summary>
    private static Parts? RepositoryOf(ModelInfo model) =>
        model.Path?.Split('/') is [var publisher, var repository, ..] ? Parts.Of($"{publisher}/{repository}") : null;

    /// <summary>A name taken apart, in lower case.</summary>
    private readonly record struct Parts(string? Publisher, string Name, string? Version, bool IsTagged)
    {
        public static Parts Of(string text)
        {
            var name = text.Trim().ToLowerInvariant();
            var isHosted = false;
            foreach (var host in Hosts)
            {
                if (!name.StartsWith(host, StringComparison.Ordinal)) continue;
                name = name[host.Length..];
                isHosted = true;
                break;
            }

            var slash = name.LastIndexOf('/');
            var mark = name.IndexOfAny([':', '@'], slash + 1);
            var version = mark < 0 ? null : name[(mark + 1)..];
            var isTagged = mark >= 0 && name[mark] == ':';
            if (mark >= 0) name = name[..mark];
            var publisher = slash < 0 ? null : name[..slash];
            name = name[(slash + 1)..];
            // Ollama's own library is a namespace that nobody writes.
            if (!isHosted && publisher is "library" or "registry.ollama.ai/library") publisher = null;
            return new Parts(publisher, name.EndsWith("-gguf", StringComparison.Ordinal) ? name[..^"-gguf".Length] : name, version, isTagged);
        }
    }
}
