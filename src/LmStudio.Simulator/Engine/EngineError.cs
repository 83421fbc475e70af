namespace LmStudio.Simulator.Engine;

/// <summary>Why the simulated LM Studio refused; each protocol half turns it into its own words.</summary>
public enum EngineErrorKind
{
    /// <summary>No downloaded model has this key (<c>generic.pathNotFound</c>).</summary>
    PathNotFound,

    /// <summary>The model is of the other domain (<c>generic.domainMismatch</c>).</summary>
    DomainMismatch,

    /// <summary>Nothing that is loaded fits (<c>generic.noModelMatchingQuery</c>).</summary>
    NoModelMatchingQuery,

    /// <summary>The instance referred to is gone (<c>generic.specificModelUnloaded</c>).</summary>
    SpecificModelUnloaded,

    /// <summary>No instance has this identifier (<c>generic.identifierNotFound</c>).</summary>
    IdentifierNotFound,

    /// <summary>The identifier asked for is taken.</summary>
    IdentifierTaken,

    /// <summary>The guardrails stopped the load.</summary>
    InsufficientMemory,

    /// <summary>The engine could not load the model.</summary>
    LoadFailed,

    /// <summary>The prompt does not fit into the context.</summary>
    ContextOverflow,

    /// <summary>Nothing to download goes by this name.</summary>
    DownloadNotFound,
}

/// <summary>One refusal with the details that the WebSocket's <c>displayData</c> carries.</summary>
public sealed record EngineError(EngineErrorKind Kind, string Message)
{
    /// <summary>The key, path or identifier that was asked for.</summary>
    public string? Subject { get; init; }

    public ModelDomain? ActualDomain { get; init; }
    public ModelDomain? ExpectedDomain { get; init; }

    /// <summary>Keys (for an unknown key) or identifiers (otherwise) that do exist.</summary>
    public IReadOnlyList<string> Sample { get; init; } = [];
}

/// <summary>The one exception of the engine.</summary>
public sealed class EngineException(EngineError error) : Exception(error.Message)
{
    public EngineError Error { get; } = error;
}
