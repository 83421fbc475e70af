using LmGateway.Vocabulary;

namespace LmGateway.Backends;

/// <summary>Where a backend departs from the OpenAI API in ways that its clients trip over; the gateway mends each one it is told of.</summary>
[Flags]
internal enum DialectDefects
{
    None = 0,

    /// <summary><c>response_format: json_object</c> is refused; a permissive <c>json_schema</c> is not.</summary>
    RefusesJsonObject = 1,

    /// <summary><c>tool_choice</c> may only be a string; in Anthropic's dialect it may not name a tool.</summary>
    RefusesToolChoiceObject = 2,

    /// <summary><c>encoding_format: base64</c> is ignored; embeddings are always numbers.</summary>
    IgnoresBase64Embeddings = 4,

    /// <summary>Only PNG and JPEG data URIs are taken.</summary>
    RefusesWebP = 8,

    /// <summary>Image addresses that are not data URIs are refused.</summary>
    RefusesRemoteImages = 16,

    /// <summary>A parameter that it does not know is an error, where others ignore it.</summary>
    RefusesUnknownParameters = 32,

    /// <summary>Only <c>max_tokens</c> limits an answer; its newer name is ignored.</summary>
    IgnoresMaxCompletionTokens = 64,
}

/// <summary>What a backend is and can do, as data.</summary>
internal sealed record BackendTraits
{
    /// <summary><c>lmstudio</c>, <c>ollama</c>, <c>llama-server</c>, <c>openai</c>, <c>mock</c>.</summary>
    public required string Kind { get; init; }

    public required IReadOnlySet<Dialect> Dialects { get; init; }

    public DialectDefects Defects { get; init; }

    /// <summary>Models can be loaded and unloaded by <see cref="IBackend.LoadAsync"/> while a way of control answers.</summary>
    public bool CanLoad { get; init; }

    /// <summary>Models can be searched for and downloaded.</summary>
    public bool CanPull { get; init; }

    /// <summary>Models can be removed by <see cref="IBackend.DeleteAsync"/>.</summary>
    public bool CanDelete { get; init; }

    /// <summary>Its models are files in a folder of this machine, which can be added, removed and copied.</summary>
    public bool KeepsFiles { get; init; }

    /// <summary>A request for a model that is not loaded makes the backend load it by itself.</summary>
    public bool LoadsOnRequest { get; init; }

    /// <summary>The backend answers whatever model is named, so a name that it does not list is no error.</summary>
    public bool TakesAnyModelName { get; init; }

    /// <summary>The model that its replies name is the instance that answered; otherwise it may be another name for it.</summary>
    public bool NamesTheInstance { get; init; }

    /// <summary>The sampling parameters beyond OpenAI's that have an effect; null where that is not known.</summary>
    public IReadOnlySet<string>? Extensions { get; init; }
}

/// <summary>One look at a backend.</summary>
internal sealed record BackendReport
{
    /// <summary>Every model that can be named, loaded or not.</summary>
    public required IReadOnlyList<ModelInfo> Models { get; init; }

    public required IReadOnlyList<ModelInstance> Instances { get; init; }

    public required ControlChannels Control { get; init; }

    /// <summary>What the server at this address turned out to be, where that is not what the backend is configured as.</summary>
    public BackendTraits? Traits { get; init; }

    /// <summary>The backend's own version, if it tells.</summary>
    public string? Version { get; init; }

    /// <summary>What is amiss though the backend answers, for instance a refused control connection.</summary>
    public string? Problem { get; init; }
}

/// <summary>Which ways of control answer now.</summary>
internal sealed record ControlChannels(bool WebSocket, bool Rest, bool Cli)
{
    public static ControlChannels None { get; } = new(false, false, false);

    /// <summary>Loads are asked for only where they can be followed and cancelled; otherwise the backend's own loader does it.</summary>
    public bool CanLoadOnDemand { get; init; } = WebSocket;
}

/// <summary>A model to load.</summary>
internal sealed record LoadOrder(string ModelKey)
{
    /// <summary>The identifier of the new instance; null lets the backend choose.</summary>
    public string? Identifier { get; init; }

    public LoadSettings Settings { get; init; } = LoadSettings.None;

    /// <summary>Idle time after which the backend unloads it; null for never.</summary>
    public TimeSpan? Ttl { get; init; }
}

/// <summary>A load that succeeded.</summary>
internal sealed record LoadResult(ModelInstance Instance)
{
    /// <summary>Everything that was asked for and does not hold.</summary>
    public IReadOnlyList<NotApplied> NotApplied { get; init; } = [];

    /// <summary>Nothing had to be loaded: somebody else had loaded it meanwhile.</summary>
    public bool WasLoaded { get; init; }
}
