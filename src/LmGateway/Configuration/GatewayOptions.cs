namespace LmGateway.Configuration;

/// <summary>Everything that can be set. A section is a record; a leaf carries a <see cref="SettingAttribute"/>.</summary>
internal sealed record GatewayOptions
{
    public ListenOptions Listen { get; init; } = new();
    public LmStudioOptions LmStudio { get; init; } = new();
    public InferenceOptions Inference { get; init; } = new();
    public ResolveOptions Resolve { get; init; } = new();
    public SchedulingOptions Scheduling { get; init; } = new();
    public TimeoutOptions Timeouts { get; init; } = new();
    public LimitOptions Limits { get; init; } = new();
    public SecurityOptions Security { get; init; } = new();
    public PassthroughOptions Passthrough { get; init; } = new();
    public ImageOptions Images { get; init; } = new();
    public ModelListOptions Models { get; init; } = new();
    public CatalogOptions Catalog { get; init; } = new();
    public LogOptions Log { get; init; } = new();

    [Setting("node", "Name of this process among several; the machine's name by default.")]
    public string Node { get; init; } = Environment.MachineName.ToLowerInvariant();

    [Setting("state_dir", "Folder for what must survive a restart (the active model). The user's configuration folder by default.")]
    public string? StateDir { get; init; }
}

internal sealed record ListenOptions
{
    [Setting("listen.http", "Serve HTTP at all.")]
    public bool Http { get; init; } = true;

    [Setting("listen.host", "Address to bind: an IP address, localhost, or * for every interface.", Aliases = ["HOST", "GATEWAY_HOST", "INFERENCE_SERVER_HOST"], KeyAliases = ["server.host"])]
    public string Host { get; init; } = "127.0.0.1";

    [Setting("listen.port", "Port to bind; 0 takes a free one.", Aliases = ["PORT", "GATEWAY_PORT", "INFERENCE_SERVER_PORT"], KeyAliases = ["server.port"], Min = 0, Max = 65535)]
    public int Port { get; init; } = 8000;

    [Setting("listen.urls", "Full addresses instead of host and port, several separated by ';': http://127.0.0.1:8000;http://127.0.0.1:8002", KeyAliases = ["urls"])]
    public IReadOnlyList<string> Urls { get; init; } = [];
}

internal sealed record LmStudioOptions
{
    [Setting("lmstudio.base_url", "Address of LM Studio's server. A trailing /, /v1, /api/v0 or /api/v1 is ignored.",
        Aliases = ["LMSTUDIO_BASE_URL", "LMSTUDIO_URL", "INFERENCE_INFERENCE_BASE_URL", "OPENAI_BASE_URL"], KeyAliases = ["inference.base_url"])]
    public string BaseUrl { get; init; } = "http://127.0.0.1:1234";

    [Setting("lmstudio.api_token", "API token where LM Studio requires authentication (sk-lm-…).", Aliases = ["LM_API_TOKEN", "OPENAI_API_KEY"], Secret = true)]
    public string? ApiToken { get; init; }

    [Setting("lmstudio.models_dir", "LM Studio's models folder.", Aliases = ["LMSTUDIO_MODELS_DIR"])]
    public string ModelsDir { get; init; } = "~/.lmstudio/models";

    [Setting("lmstudio.connect_attempts", "Attempts to open the control connection before a control request fails.", Min = 1, Max = 100)]
    public int ConnectAttempts { get; init; } = 3;

    [Setting("lmstudio.connect_retry", "Pause between these attempts.", Min = 0, Max = 600000, Unit = "ms")]
    public int ConnectRetryMs { get; init; } = 2000;

    [Setting("lmstudio.lms_path", "The lms program, where it is not on the PATH or in LM Studio's own folder.")]
    public string? LmsPath { get; init; }
}

/// <summary>The provider contract. Naming a provider, a default model, allowed models or its defaults switches it on.</summary>
internal sealed record InferenceOptions
{
    [Setting("inference.provider", "lmstudio.", Aliases = ["INFERENCE_INFERENCE_PROVIDER"], OneOf = ["lmstudio"])]
    public string? Provider { get; init; }

    [Setting("inference.default_model", "Model for requests that name none while no model is active.", Aliases = ["INFERENCE_INFERENCE_DEFAULT_MODEL"])]
    public string? DefaultModel { get; init; }

    [Setting("inference.allowed_models", "The only models that may be asked for; empty for all.", Aliases = ["INFERENCE_INFERENCE_ALLOWED_MODELS"])]
    public IReadOnlyList<string> AllowedModels { get; init; } = [];

    [Setting("inference.http.timeout_secs", "Time limit of a request that is not streamed; wins over timeouts.request where set.", Aliases = ["INFERENCE_INFERENCE_HTTP_TIMEOUT_SECS"], Min = 1, Max = 3600, Unit = "s")]
    public int? HttpTimeoutSecs { get; init; }

    [Setting("inference.http.connect_timeout_secs", "Time limit for connecting to the backend; wins over timeouts.connect where set.", Aliases = ["INFERENCE_INFERENCE_HTTP_CONNECT_TIMEOUT_SECS"], Min = 1, Max = 300, Unit = "s")]
    public int? HttpConnectTimeoutSecs { get; init; }

    [Setting("inference.http.keep_alive_secs", "How long an idle connection to the backend is kept.", Aliases = ["INFERENCE_INFERENCE_HTTP_KEEP_ALIVE_SECS"], Min = 1, Max = 3600, Unit = "s")]
    public int HttpKeepAliveSecs { get; init; } = 60;

    [Setting("inference.http.max_idle_connections", "Idle connections to the backend that are kept.", Aliases = ["INFERENCE_INFERENCE_HTTP_MAX_IDLE_CONNECTIONS"], Min = 1, Max = 10000)]
    public int? HttpMaxIdleConnections { get; init; }
}

internal sealed record ResolveOptions
{
    [Setting("resolve.substring", "Accept a unique part of a model's key, of 3 characters or more, as its name.")]
    public bool Substring { get; init; } = true;
}
