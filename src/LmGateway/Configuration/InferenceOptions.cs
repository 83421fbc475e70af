using LmGateway.Vocabulary;

namespace LmGateway.Configuration;

internal enum ProviderListing
{
    /// <summary>What is loaded.</summary>
    Loaded,

    /// <summary>Everything that can be asked for.</summary>
    All,
}

/// <summary>
/// The provider contract: defaults, checks and a shorter model list for <c>/v1/chat/completions</c>. Naming a provider, a default model,
/// allowed models or one of the defaults switches it on.
/// </summary>
internal sealed record InferenceOptions
{
    public const string LmStudio = "lmstudio";
    public const string OpenAi = "openai";
    public const string Mock = "mock";

    private const int UsualRetries = 3;

    [Setting("inference.provider", "The backend: LM Studio, any server with OpenAI's API, or canned replies. It also switches the provider contract on.", OneOf = [LmStudio, OpenAi, Mock])]
    public string? Provider { get; init; }

    [Setting("inference.default_model", "Model for requests that name none while no model is active.", Example = "qwen/qwen3-4b-2507")]
    public string? DefaultModel { get; init; }

    [Setting("inference.allowed_models", "The only models that may be asked for; empty for all.", Example = "qwen/qwen3-4b-2507")]
    public IReadOnlyList<string> AllowedModels { get; init; } = [];

    [Setting("inference.models", "What GET /v1/models lists under the provider contract: loaded models, or all that can be asked for.")]
    public ProviderListing Models { get; init; } = ProviderListing.Loaded;

    [Setting("inference.max_tokens", "Under the provider contract, max_tokens of chat requests that have none; 100 where unset.", Min = 1, Max = 128000, Unit = "tokens", Example = "100")]
    public int? MaxTokens { get; init; }

    [Setting("inference.temperature", "Under the provider contract, temperature of chat requests that have none; 0.7 where unset.", Min = 0, Max = 2, Example = "0.7")]
    public double? Temperature { get; init; }

    [Setting("inference.openai.api_key", "Key that the provider openai is asked with.", Secret = true, Example = "sk-a-key")]
    public string? OpenAiApiKey { get; init; }

    [Setting("inference.openai.organization_id", "Organization that the provider openai is asked for.", Example = "org-id")]
    public string? OpenAiOrganization { get; init; }

    [Setting("inference.mock.responses_dir", "Folder with the replies of the provider mock.", Form = SettingForm.Path)]
    public string MockResponsesDir { get; init; } = "./mocks";

    [Setting("inference.http.timeout_secs", "Time limit of a request that is not streamed; wins over timeouts.request where set.",
        Min = 1, Max = 3600, Unit = "s", Example = "60")]
    public int? HttpTimeoutSecs { get; init; }

    [Setting("inference.http.connect_timeout_secs", "Time limit for connecting to the backend; wins over timeouts.connect where set.",
        Min = 1, Max = 300, Unit = "s", Example = "10")]
    public int? HttpConnectTimeoutSecs { get; init; }

    [Setting("inference.http.keep_alive_secs", "How long an idle connection to the backend is kept.", Min = 1, Max = 3600, Unit = "s")]
    public int HttpKeepAliveSecs { get; init; } = 60;

    [Setting("inference.http.max_idle_connections", "Idle connections to the backend that are kept: a request beyond so many at the same time closes its own after it. No limit where unset.",
        Min = 1, Max = 10000, Example = "10")]
    public int? HttpMaxIdleConnections { get; init; }

    [Setting("inference.http.max_retries", "How often a connection that could not be made is tried again; what was sent is never sent twice. Where unset, 3 under the provider contract and 0 otherwise.",
        Min = 0, Max = 10, Example = "3")]
    public int? HttpMaxRetries { get; init; }

    [Setting("inference.http.retry_backoff_ms", "Pause before the first of these attempts; it doubles with each.", Min = 0, Max = 30000, Unit = "ms")]
    public int HttpRetryBackoffMs { get; init; } = 250;

    /// <summary>Whether the provider contract applies; an address or HTTP settings alone do not switch it on.</summary>
    public bool IsProviderContract => Provider is not null || DefaultModel is not null || AllowedModels.Count > 0 || MaxTokens is not null || Temperature is not null;

    /// <summary>Whether the model list is the contract's.</summary>
    public bool ListsOnlyLoaded => IsProviderContract && Models == ProviderListing.Loaded;

    /// <summary>What the contract puts into chat requests that neither have it nor get it from the active model.</summary>
    public InferenceDefaults ContractDefaults => new() { MaxTokens = MaxTokens ?? 100, Temperature = Temperature ?? 0.7 };

    public int ConnectionRetries => HttpMaxRetries ?? (IsProviderContract ? UsualRetries : 0);
}
