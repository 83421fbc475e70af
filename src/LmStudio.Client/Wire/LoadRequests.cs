using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>A load of another instance of a model.</summary>
public sealed record LoadModelRequest
{
    /// <summary>The model's exact key, as listDownloadedModels gives it.</summary>
    public required string ModelKey { get; init; }

    /// <summary>The instance's name; null lets LM Studio choose (the key, or the key with <c>:2</c> …). A name that is taken is an error.</summary>
    public string? Identifier { get; init; }

    /// <summary>Idle time after which LM Studio unloads the instance; null is never.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>The linked machine to load on; null is this one.</summary>
    public string? DeviceIdentifier { get; init; }

    /// <summary>Settings; null leaves all to LM Studio.</summary>
    public LoadConfiguration? Configuration { get; init; }

    /// <summary>Whether the configuration is read back after the load to find what was not applied.</summary>
    public bool ReadBackConfiguration { get; init; } = true;

    internal void Write(Utf8JsonWriter writer, KvConfig config)
    {
        writer.WriteStartObject();
        writer.WriteString("modelKey", ModelKey);
        if (Identifier is not null) writer.WriteString("identifier", Identifier);
        if (TimeToLive is { } ttl) writer.WriteNumber("ttlMs", Milliseconds(ttl));
        if (DeviceIdentifier is not null) writer.WriteString("deviceIdentifier", DeviceIdentifier);
        KvConfig.WriteStack(writer, "loadConfigStack", config);
        writer.WriteEndObject();
    }

    internal static long Milliseconds(TimeSpan ttl) => Math.Max(1, (long)ttl.TotalMilliseconds);
}

/// <summary>A request for a loaded model under a name, loading it on demand when there is none.</summary>
public sealed record GetOrLoadRequest
{
    /// <summary>An instance's identifier or a model's key.</summary>
    public required string Identifier { get; init; }

    /// <summary>Idle time for a load that this request causes; null is LM Studio's default for loads on demand.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>The linked machine to load on; null is this one.</summary>
    public string? DeviceIdentifier { get; init; }

    /// <summary>Settings for a load that this request causes.</summary>
    public LoadConfiguration? Configuration { get; init; }

    /// <summary>Whether the configuration is read back to find what was not applied, also when the model was loaded already.</summary>
    public bool ReadBackConfiguration { get; init; } = true;

    internal void Write(Utf8JsonWriter writer, KvConfig config)
    {
        writer.WriteStartObject();
        writer.WriteString("identifier", Identifier);
        if (TimeToLive is { } ttl) writer.WriteNumber("loadTtlMs", LoadModelRequest.Milliseconds(ttl));
        if (DeviceIdentifier is not null) writer.WriteString("deviceIdentifier", DeviceIdentifier);
        KvConfig.WriteStack(writer, "loadConfigStack", config);
        writer.WriteEndObject();
    }
}

/// <summary>The outcome of a load.</summary>
public sealed record LoadedModel
{
    /// <summary>The instance.</summary>
    public required InstanceInfo Instance { get; init; }

    /// <summary>Whether it was there before, so that nothing was loaded.</summary>
    public bool WasLoaded { get; init; }

    /// <summary>The configuration in effect; null when it was not read back or could not be.</summary>
    public KvConfig? EffectiveConfiguration { get; init; }

    /// <summary>The settings that were asked for and are not in effect. Complete only with <see cref="EffectiveConfiguration"/>.</summary>
    public IReadOnlyList<NotApplied> NotApplied { get; init; } = [];
}

/// <summary>What happens during a load.</summary>
public abstract record LoadEvent
{
    private LoadEvent()
    {
    }

    /// <summary>The key was understood as this model; when several answer to it, their keys.</summary>
    public sealed record Resolved(ModelInfo Model, IReadOnlyList<string> Ambiguous) : LoadEvent;

    /// <summary>A load on demand begins, under this identifier.</summary>
    public sealed record Started(string? Identifier, ModelInfo? Model) : LoadEvent;

    /// <summary>An earlier model that was loaded on demand makes room.</summary>
    public sealed record UnloadingOther(InstanceInfo Other) : LoadEvent;

    /// <summary>How far the load is, 0 to 1.</summary>
    public sealed record Progressed(double Fraction) : LoadEvent;

    internal static LoadEvent? TryRead(JsonElement message) => message.Text("type") switch
    {
        "resolved" when InfoIn(message) is { } model => new Resolved(model, message.Texts("ambiguous")),
        "startLoading" => new Started(message.Text("identifier"), InfoIn(message)),
        "unloadingOtherJITModel" when message.Member("info") is { } info && InstanceInfo.TryRead(info) is { } other => new UnloadingOther(other),
        "progress" or "loadProgress" when message.Number("progress") is { } progress => new Progressed(progress),
        _ => null,
    };

    private static ModelInfo? InfoIn(JsonElement message) => message.Member("info") is { } info ? ModelInfo.TryRead(info) : null;
}
