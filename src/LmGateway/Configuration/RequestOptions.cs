namespace LmGateway.Configuration;

internal enum EvictPolicy
{
    /// <summary>The least recently used idle instance that the gateway loaded on demand makes room.</summary>
    Idle,
    Never,
}

internal sealed record SchedulingOptions
{
    [Setting("scheduling.on_demand.enabled", "Load a model that is asked for and not loaded.")]
    public bool OnDemand { get; init; } = true;

    [Setting("scheduling.on_demand.ttl_seconds", "Idle time after which a model loaded on demand is unloaded; 0 for never.", Min = 0, Max = 31536000, Unit = "s")]
    public int OnDemandTtlSeconds { get; init; } = 3600;

    [Setting("scheduling.on_demand.load_config.context_length", "Context of models loaded on demand; the backend's default where unset.", Min = 1, Max = 2147483647, Unit = "tokens", Example = "8192")]
    public int? OnDemandContextLength { get; init; }

    [Setting("scheduling.on_demand.load_config.gpu_ratio", "Part of models loaded on demand that goes to the GPU, 0 to 1.", Min = 0, Max = 1, Example = "0.5")]
    public double? OnDemandGpuRatio { get; init; }

    [Setting("scheduling.on_demand.load_config.flash_attention", "Flash attention for models loaded on demand.", Example = "true")]
    public bool? OnDemandFlashAttention { get; init; }

    [Setting("scheduling.on_demand.load_config.parallel", "Requests that a model loaded on demand runs at the same time.", Min = 1, Max = 1023, Example = "4")]
    public int? OnDemandParallel { get; init; }

    [Setting("scheduling.evict", "Whether a load that does not fit unloads idle models that were loaded on demand (idle) or fails (never).")]
    public EvictPolicy Evict { get; init; } = EvictPolicy.Idle;

    [Setting("scheduling.queue_limit", "Requests that may wait for one model; more are refused with 503.", Min = 0, Max = 1000000)]
    public int QueueLimit { get; init; } = 512;

    [Setting("scheduling.queue_wait_seconds", "How long a request may wait for a place on its model once that is loaded; then it gets 503. 0 for as long as it takes.", Min = 0, Max = 86400, Unit = "s")]
    public int QueueWaitSeconds { get; init; } = 600;

    [Setting("scheduling.parallel", "Requests sent to one loaded model at the same time, where the backend does not say.", Min = 1, Max = 1024)]
    public int Parallel { get; init; } = 4;

    [Setting("scheduling.load_timeout_seconds", "Time limit of a load.", Min = 1, Max = 86400, Unit = "s")]
    public int LoadTimeoutSeconds { get; init; } = 900;

    [Setting("scheduling.unload_wait_seconds", "How long an unload waits for running requests to end before it is refused.", Min = 0, Max = 86400, Unit = "s")]
    public int UnloadWaitSeconds { get; init; } = 30;

    [Setting("scheduling.hold_headers_seconds", "How long a stream's status is held back while it waits for its model, so that a failure still gets its real status; then keep-alive comments start.", Min = 0, Max = 3600, Unit = "s")]
    public int HoldHeadersSeconds { get; init; } = 10;

    [Setting("scheduling.keep_alive_seconds", "Pause between keep-alive comments on a stream that is silent.", Min = 1, Max = 3600, Unit = "s")]
    public int KeepAliveSeconds { get; init; } = 15;

    /// <summary>Idle time after which a model loaded on demand is unloaded; null for never.</summary>
    public TimeSpan? OnDemandTtl => OnDemandTtlSeconds == 0 ? null : TimeSpan.FromSeconds(OnDemandTtlSeconds);
}

internal sealed record TimeoutOptions
{
    [Setting("timeouts.request", "Time limit of a request that is not streamed, from when it is sent to the backend; 0 for none.", Aliases = ["PROXY_TIMEOUT"], Min = 0, Max = 86400000, Unit = "ms")]
    public int RequestMs { get; init; } = 120_000;

    [Setting("timeouts.stream", "Time limit of a streamed request; 0 for none.", Aliases = ["PROXY_STREAM_TIMEOUT"], Min = 0, Max = 86400000, Unit = "ms")]
    public int StreamMs { get; init; }

    [Setting("timeouts.stream_idle", "The longest silence inside a stream; 0 for any.", Min = 0, Max = 86400000, Unit = "ms")]
    public int StreamIdleMs { get; init; } = 600_000;

    [Setting("timeouts.connect", "Time limit for connecting to the backend.", Min = 1, Max = 300000, Unit = "ms")]
    public int ConnectMs { get; init; } = 10_000;

    [Setting("timeouts.control", "Time limit of one control request (list, unload, read a configuration).", Min = 100, Max = 600000, Unit = "ms")]
    public int ControlMs { get; init; } = 10_000;

    [Setting("timeouts.shutdown", "How long running requests may take to end when the service is stopped.", Min = 0, Max = 3600000, Unit = "ms", Restart = true)]
    public int ShutdownMs { get; init; } = 10_000;

    /// <summary>Time limit of a streamed request; infinite for none.</summary>
    public TimeSpan StreamTimeout => LimitOf(StreamMs);

    /// <summary>The longest silence inside a stream; infinite for any.</summary>
    public TimeSpan StreamIdleTimeout => LimitOf(StreamIdleMs);

    /// <summary>0 means no limit.</summary>
    internal static TimeSpan LimitOf(int milliseconds) =>
        milliseconds == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(milliseconds);
}

internal sealed record LimitOptions
{
    [Setting("limits.body_bytes", "Largest request body that is held in memory; larger ones get 413.", Min = 1024, Max = 2147483647, Unit = "bytes")]
    public long BodyBytes { get; init; } = 64L * 1024 * 1024;

    [Setting("limits.held_bytes", "Memory for all request bodies held at the same time; past it requests get 503 with Retry-After.", Min = 1024, Unit = "bytes")]
    public long HeldBytes { get; init; } = 512L * 1024 * 1024;

    [Setting("limits.stream_body_bytes", "Largest request body that streams through unheld (multipart and unknown kinds).", Min = 1024, Unit = "bytes")]
    public long StreamBodyBytes { get; init; } = 1024L * 1024 * 1024;

    [Setting("limits.reply_bytes", "Largest reply that is held to be mended; a larger one is a backend fault.", Min = 1024, Unit = "bytes")]
    public long ReplyBytes { get; init; } = 256L * 1024 * 1024;

    [Setting("limits.header_bytes", "Largest head of a request; larger ones get 431.", Min = 1024, Max = 1048576, Unit = "bytes")]
    public int HeaderBytes { get; init; } = 32 * 1024;

    [Setting("limits.header_seconds", "How long a caller may take to send the head of a request; then it gets 408.", Min = 1, Max = 3600, Unit = "s")]
    public int HeaderSeconds { get; init; } = 30;

    [Setting("limits.body_rate", "Bytes a second that a request body must bring, after its first five seconds; slower ones get 408. 0 for none.", Min = 0, Max = 1048576, Unit = "bytes/s")]
    public int BodyRate { get; init; } = 240;

    [Setting("limits.write_seconds", "How long a caller may take nothing of its reply; then it is cut off, and what it asked for ends.", Min = 1, Max = 86400, Unit = "s")]
    public int WriteSeconds { get; init; } = 60;

    [Setting("limits.connections", "Connections at the same time; more are closed at once.", Min = 1, Max = 1000000, Restart = true)]
    public int Connections { get; init; } = 10_000;

    [Setting("limits.requests", "Requests for inference that wait or run at the same time, over all APIs; more get 503 with Retry-After.", Min = 1, Max = 1000000)]
    public int Requests { get; init; } = 4096;

    [Setting("limits.streams", "How many of them may be streams.", Min = 1, Max = 1000000)]
    public int Streams { get; init; } = 2048;

    [Setting("limits.caller_requests", "Requests for inference that one caller (a key; without keys, an address) may have waiting or running; more get 429 with Retry-After. 0 for any number.", Min = 0, Max = 1000000)]
    public int CallerRequests { get; init; }

    [Setting("limits.caller_streams", "How many of them may be streams; 0 for any number.", Min = 0, Max = 1000000)]
    public int CallerStreams { get; init; }

    [Setting("limits.memory_percent", "Share of the memory that the process may use (the container's, else the machine's) past which requests for inference get 503 with Retry-After; 0 for none.", Min = 0, Max = 100, Unit = "%")]
    public int MemoryPercent { get; init; } = 85;

    public TimeSpan WriteTimeout => TimeSpan.FromSeconds(WriteSeconds);
}

internal sealed record PassthroughOptions
{
    [Setting("passthrough.authorization", "Send a caller's bearer token on to the backend. Only where the gateway has no key of its own.")]
    public bool Authorization { get; init; }

    [Setting("passthrough.integrations", "Let callers of /api/v1/chat use LM Studio's integrations (tools that run on its machine).")]
    public bool Integrations { get; init; }
}

internal enum ModelListing
{
    /// <summary>Everything that can be asked for, in OpenAI's list shape.</summary>
    All,

    /// <summary>An array of key and display name of what is loaded.</summary>
    Loaded,
}

internal sealed record ModelListOptions
{
    [Setting("models.list", "What GET /models answers: all in OpenAI's shape, or loaded as a plain array.")]
    public ModelListing List { get; init; } = ModelListing.All;

    [Setting("models.bucket", "The bucket of NATS's object store that models are published to and copied from where none is named.")]
    public string Bucket { get; init; } = "llm-models";
}

internal sealed record CatalogOptions
{
    [Setting("catalog.poll_seconds", "Pause between two looks at the backends' models.", Min = 0.1, Max = 3600, Unit = "s")]
    public double PollSeconds { get; init; } = 5;

    [Setting("catalog.busy_poll_seconds", "The same while a model loads.", Min = 0.1, Max = 3600, Unit = "s")]
    public double BusyPollSeconds { get; init; } = 1;
}

internal enum LogThreshold
{
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

internal sealed record LogOptions
{
    [Setting("log.level", "How much is logged.", Aliases = ["LOG_LEVEL", "RUST_LOG"])]
    public LogThreshold Level { get; init; } = LogThreshold.Info;
}
