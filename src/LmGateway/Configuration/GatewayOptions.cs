namespace LmGateway.Configuration;

/// <summary>Everything that can be set. A section is a record; a leaf carries a <see cref="SettingAttribute"/>.</summary>
internal sealed record GatewayOptions
{
    [Setting("node", "Name of this process among several; the machine's name by default.", Example = "desk", Restart = true)]
    public string Node { get; init; } = Environment.MachineName.ToLowerInvariant();

    /// <summary>Filled in by the loader; null only where options are made by hand and nothing is to be kept.</summary>
    [Setting("state_dir", "Folder for what must survive a restart (the active model). The user's configuration folder by default.",
        Form = SettingForm.Path, Example = "~/.config/lmgateway", Restart = true)]
    public string? StateDir { get; init; }

    [Setting("backends", "The servers that requests go to, each [name=]kind[@address]: lmstudio, ollama, llama-server, openai (any server with OpenAI's API) or mock. Where unset, the one that inference.provider names.",
        Form = SettingForm.Backend, Example = "lmstudio, ollama, box=llama-server@http://10.0.0.5:8080")]
    public IReadOnlyList<string> Backends { get; init; } = [];

    [Setting("backend_keys", "Keys that backends are asked with, each name=key.", Secret = true, Example = "box=sk-a-key")]
    public IReadOnlyList<string> BackendKeys { get; init; } = [];

    public ListenOptions Listen { get; init; } = new();
    public LmStudioOptions LmStudio { get; init; } = new();
    public OllamaOptions Ollama { get; init; } = new();
    public InferenceOptions Inference { get; init; } = new();
    public ChatOptions Chat { get; init; } = new();
    public ResolveOptions Resolve { get; init; } = new();
    public SchedulingOptions Scheduling { get; init; } = new();
    public TimeoutOptions Timeouts { get; init; } = new();
    public LimitOptions Limits { get; init; } = new();
    public SecurityOptions Security { get; init; } = new();
    public NatsOptions Nats { get; init; } = new();
    public PassthroughOptions Passthrough { get; init; } = new();
    public ModelListOptions Models { get; init; } = new();
    public BringUpOptions BringUp { get; init; } = new();
    public McpOptions Mcp { get; init; } = new();
    public ImageOptions Images { get; init; } = new();
    public JobOptions Jobs { get; init; } = new();
    public CatalogOptions Catalog { get; init; } = new();
    public RuntimeOptions Runtime { get; init; } = new();
    public LogOptions Log { get; init; } = new();
    public JournalOptions Journal { get; init; } = new();
    public MetricsOptions Metrics { get; init; } = new();

    /// <summary>The backends that there are; without a list the one provider.</summary>
    public IReadOnlyList<BackendEntry> BackendEntries =>
        Backends.Count > 0 ? [.. Backends.Select(text => BackendEntry.Parse(text)!)] : [new BackendEntry(ProviderKind, ProviderKind, null)];

    /// <summary>With the backend of bring-up among the backends, also where nobody chose it and it is the default.</summary>
    public GatewayOptions WithBringUpBackend() =>
        BringUp.BackendOrDefault != BringUpOptions.Ollama || BackendEntries.Any(entry => entry.Kind == BackendEntry.Ollama)
            ? this
            : this with { Backends = [.. BackendEntries.Select(entry => entry.ToString()), BackendEntry.Ollama] };

    private string ProviderKind => Inference.Provider ?? BackendEntry.LmStudio;

    /// <summary>Time limit of a request that is not streamed, from when it is sent to the backend; infinite for none.</summary>
    public TimeSpan RequestTimeout =>
        Inference.HttpTimeoutSecs is { } seconds ? TimeSpan.FromSeconds(seconds) : TimeoutOptions.LimitOf(Timeouts.RequestMs);

    /// <summary>Time limit for connecting to a backend.</summary>
    public TimeSpan ConnectTimeout =>
        Inference.HttpConnectTimeoutSecs is { } seconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.FromMilliseconds(Timeouts.ConnectMs);
}

internal sealed record ListenOptions
{
    [Setting("listen.http", "Serve HTTP at all.", Restart = true)]
    public bool Http { get; init; } = true;

    [Setting("listen.host", "Address to bind. Beyond this machine it needs a key or an allowlist as well.",
        Aliases = ["HOST", "GATEWAY_HOST", "INFERENCE_SERVER_HOST"], KeyAliases = ["server.host"], Form = SettingForm.BindHost, Restart = true)]
    public string Host { get; init; } = "127.0.0.1";

    [Setting("listen.port", "Port to bind; 0 takes a free one.",
        Aliases = ["PORT", "GATEWAY_PORT", "INFERENCE_SERVER_PORT"], KeyAliases = ["server.port"], Min = 0, Max = 65535, Restart = true)]
    public int Port { get; init; } = 8000;

    [Setting("listen.urls", "Full addresses instead of host and port.",
        KeyAliases = ["urls"], Form = SettingForm.ListenUrl, Example = "http://127.0.0.1:8002", Restart = true)]
    public IReadOnlyList<string> Urls { get; init; } = [];

    /// <summary>What is to be bound: the addresses of <see cref="Urls"/>, or the one of <see cref="Host"/> and <see cref="Port"/>; none with HTTP off.</summary>
    public IReadOnlyList<ListenAddress> Addresses =>
        !Http ? [] : Urls.Count == 0 ? [new ListenAddress(Host, Port)] : [.. Urls.Select(ListenAddress.Parse).Distinct()];
}

internal sealed record LmStudioOptions
{
    [Setting("lmstudio.base_url", "Address of LM Studio's server, or of the one that inference.provider names. A trailing /, /v1, /api/v0 or /api/v1 is ignored.",
        Aliases = ["LMSTUDIO_BASE_URL", "LMSTUDIO_URL", "INFERENCE_INFERENCE_BASE_URL", "OPENAI_BASE_URL"],
        KeyAliases = ["inference.base_url"], Form = SettingForm.BaseUrl)]
    public string BaseUrl { get; init; } = "http://127.0.0.1:1234";

    [Setting("lmstudio.api_token", "API token where LM Studio requires authentication (sk-lm-…).",
        Aliases = ["LM_API_TOKEN", "OPENAI_API_KEY"], Example = "sk-lm-id:secret", Secret = true)]
    public string? ApiToken { get; init; }

    [Setting("lmstudio.models_dir", "LM Studio's models folder.", Aliases = ["LMSTUDIO_MODELS_DIR"], Form = SettingForm.Path, Restart = true)]
    public string ModelsDir { get; init; } = "~/.lmstudio/models";

    /// <summary>The absolute path of the models folder.</summary>
    public string ModelsFolder => Path.GetFullPath(ModelsDir == "~" || ModelsDir.StartsWith("~/", StringComparison.Ordinal)
        ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + ModelsDir[1..]
        : ModelsDir);

    [Setting("lmstudio.connect_attempts", "Attempts to open the control connection before a control request fails.", Min = 1, Max = 100)]
    public int ConnectAttempts { get; init; } = 3;

    [Setting("lmstudio.connect_retry", "Pause between these attempts.", Min = 0, Max = 600000, Unit = "ms")]
    public int ConnectRetryMs { get; init; } = 2000;

    [Setting("lmstudio.log_events", "Show LM Studio's own log among the events of /debug/stream while somebody reads them. Prompts can stand in it.",
        Aliases = ["ENABLE_LOG_MONITORING"])]
    public bool LogEvents { get; init; }

    [Setting("lmstudio.lms_path", "The lms program, where it is not on the PATH or in LM Studio's own folder.",
        Form = SettingForm.Path, Example = "~/.lmstudio/bin/lms")]
    public string? LmsPath { get; init; }
}

internal sealed record ResolveOptions
{
    [Setting("resolve.substring", "Accept a unique part of a model's key, of 3 characters or more, as its name.")]
    public bool Substring { get; init; } = true;
}
