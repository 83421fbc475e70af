namespace LmStudio.Simulator.Engine;

/// <summary>Everything that can be set about a simulated LM Studio. All but the folder, the stock and the clock can change while it runs.</summary>
public sealed record SimulatorOptions
{
    /// <summary>The models folder (<c>&lt;publisher&gt;/&lt;model&gt;/&lt;file&gt;.gguf</c>); null makes a temporary one that is removed at the end.</summary>
    public string? ModelsDirectory { get; init; }

    /// <summary>Keys to stock beside the usual models, for instance <c>acme/tiny-1b</c> or <c>text-embedding-small</c>.</summary>
    public IReadOnlyList<string> ExtraModels { get; init; } = [];

    /// <summary>False starts with an empty models folder (but for <see cref="ExtraModels"/> and what already lies in it).</summary>
    public bool Stocked { get; init; } = true;

    /// <summary>The API token that every call must carry (<c>sk-lm-XXXXXXXX:YYYYYYYYYYYYYYYYYYYY</c>); null switches authentication off.</summary>
    public string? ApiToken { get; init; }

    /// <summary>How long a load takes; at least five progress reports are spread over it.</summary>
    public TimeSpan LoadTime { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>How long a download takes; ten progress reports are spread over it.</summary>
    public TimeSpan DownloadTime { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The pace of every single generation; 0 is as fast as possible.</summary>
    public double TokensPerSecond { get; init; } = 100;

    /// <summary>How long the prompt is processed before the first token.</summary>
    public TimeSpan TimeToFirstToken { get; init; } = TimeSpan.Zero;

    /// <summary>Predictions that an instance runs at once unless its load configuration says otherwise; more wait in order.</summary>
    public int ParallelSessions { get; init; } = 4;

    /// <summary>How many instances fit into memory; a load past it fails with LM Studio's guardrail text.</summary>
    public int MemoryModels { get; init; } = 8;

    /// <summary>Whether inference for a model that is not loaded loads it first.</summary>
    public bool JustInTimeLoading { get; init; } = true;

    /// <summary>The idle time after which a model loaded on demand is unloaded.</summary>
    public TimeSpan JitTtl { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>Whether a load on demand first unloads the models loaded on demand before it, busy or not.</summary>
    public bool AutoEvict { get; init; } = true;

    /// <summary>Whether concurrent first requests each load a copy, as LM Studio has been seen to do.</summary>
    public bool JitRace { get; init; }

    /// <summary>Whether the only loaded model answers requests for models that are not known.</summary>
    public bool LoneModelAnswers { get; init; }

    /// <summary>Where reasoning text goes on the OpenAI routes.</summary>
    public ReasoningField ReasoningField { get; init; } = ReasoningField.ReasoningContent;

    /// <summary>What a prompt longer than the context does.</summary>
    public PromptOverflow PromptOverflow { get; init; } = PromptOverflow.Error;

    /// <summary>Whether browser preflights are answered; off, they are treated as unknown endpoints.</summary>
    public bool Cors { get; init; }

    /// <summary>Whether the HTTP API is on; the WebSocket stays on either way, as in the app.</summary>
    public bool HttpServerRunning { get; init; } = true;

    /// <summary>The version that the simulated app reports.</summary>
    public string AppVersion { get; init; } = "0.4.21";

    /// <summary>The clock that paces loads, tokens, downloads and idle expiry.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <summary>Where reasoning text goes: its own field under one of two names, or <c>&lt;think&gt;</c> tags inside the content.</summary>
public enum ReasoningField
{
    ReasoningContent,
    Reasoning,
    InContent,
}

/// <summary>The three things LM Studio has been seen to do with a prompt longer than the context.</summary>
public enum PromptOverflow
{
    /// <summary>400 with llama.cpp's wording; on a stream too.</summary>
    Error,

    /// <summary>A successful reply without any text.</summary>
    EmptyStream,

    /// <summary>200, and an error event inside the stream; 400 when not streamed.</summary>
    ErrorEvent,
}
