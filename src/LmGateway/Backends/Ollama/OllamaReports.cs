using System.Collections.Concurrent;
using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Ollama;

/// <summary>Looks at Ollama: what is in its store (<c>/api/tags</c>) and what is loaded (<c>/api/ps</c>).</summary>
internal sealed class OllamaReports(string node, OllamaApi api, OllamaProgram program)
{
    /// <summary>What a model can do does not change while its digest is the same; older servers tell it of one model at a time only.</summary>
    private readonly ConcurrentDictionary<string, JsonElement> shown = new(StringComparer.Ordinal);

    public async Task<BackendReport> LookAsync(CancellationToken cancellationToken)
    {
        var version = api.GetAsync("/api/version", cancellationToken);
        var tags = api.GetAsync("/api/tags", cancellationToken);
        var processes = api.GetAsync("/api/ps", cancellationToken);
        await Task.WhenAll(version, tags, processes);
        var entries = (await tags).Items("models").ToList();
        var models = new List<ModelInfo>(entries.Count);
        foreach (var entry in entries)
            if (await ModelAsync(entry, cancellationToken) is { } model) models.Add(model);
        Forget(entries);
        return new BackendReport
        {
            Models = models,
            Instances = [.. (await processes).Items("models").Select(running => Instance(running, models)).OfType<ModelInstance>()],
            Control = new ControlChannels(WebSocket: false, Rest: true, program is { IsLocal: true } && program.Find() is not null) { CanLoadOnDemand = true },
            Version = (await version).Text("version"),
        };
    }

    private async Task<ModelInfo?> ModelAsync(JsonElement entry, CancellationToken cancellationToken)
    {
        if (entry.Text("name") is not { Length: > 0 } name) return null;
        var details = entry.Member("details") ?? default;
        var more = entry.Member("capabilities") is null ? await ShowAsync(name, entry.Text("digest"), cancellationToken) : entry;
        string[] capabilities = [.. more.Items("capabilities").Select(item => item.GetString() ?? "")];
        return new ModelInfo
        {
            Backend = api.Backend,
            Key = name,
            Type = Type(capabilities, details.Text("family")),
            Publisher = PublisherOf(name),
            Architecture = details.Text("family"),
            Quantization = details.Text("quantization_level"),
            Format = details.Text("format"),
            Parameters = details.Text("parameter_size"),
            SizeBytes = entry.Whole("size"),
            MaxContextLength = (int?)(details.Whole("context_length") ?? ContextOf(more)),
            Vision = capabilities.Contains("vision", StringComparer.Ordinal),
            ToolUse = capabilities.Contains("tools", StringComparer.Ordinal),
        };
    }

    /// <summary>A model that has gone meanwhile is no fault of the look.</summary>
    private async Task<JsonElement> ShowAsync(string name, string? digest, CancellationToken cancellationToken)
    {
        var key = digest ?? name;
        if (shown.TryGetValue(key, out var known)) return known;
        try
        {
            return shown[key] = await api.PostAsync("/api/show", writer => writer.WriteString("model", name), cancellationToken);
        }
        catch (GatewayException gone) when (gone.Error.Code == ErrorCode.ModelNotFound)
        {
            return default;
        }
    }

    private void Forget(List<JsonElement> entries)
    {
        foreach (var key in shown.Keys)
            if (!entries.Exists(entry => (entry.Text("digest") ?? entry.Text("name")) == key)) shown.TryRemove(key, out _);
    }

    private ModelInstance? Instance(JsonElement running, List<ModelInfo> models)
    {
        if (running.Text("name") is not { Length: > 0 } name) return null;
        return new ModelInstance
        {
            Id = new InstanceId(node, api.Backend, name),
            ModelKey = name,
            Type = models.Find(model => model.Key == name)?.Type ?? ModelType.Unknown,
            ContextLength = (int?)running.Whole("context_length"),
        };
    }

    /// <summary>Servers before capabilities are known by their families: those of BERT only embed.</summary>
    private static ModelType Type(string[] capabilities, string? family)
    {
        if (capabilities.Length == 0) return family?.Contains("bert", StringComparison.OrdinalIgnoreCase) == true ? ModelType.Embedding : ModelType.Unknown;
        if (capabilities.Contains("completion", StringComparer.Ordinal)) return ModelType.Llm;
        return capabilities.Contains("embedding", StringComparer.Ordinal) ? ModelType.Embedding : ModelType.Unknown;
    }

    private static string? PublisherOf(string name)
    {
        var parts = name.Split('/');
        return parts.Length > 1 ? parts[^2] : null;
    }

    private static long? ContextOf(JsonElement shown) =>
        shown.Member("model_info") is { } info && info.Text("general.architecture") is { } architecture ? info.Whole($"{architecture}.context_length") : null;
}
