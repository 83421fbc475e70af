using System.Collections.Immutable;

namespace LmStudio.Simulator.Engine;

/// <summary>The ways a simulated LM Studio can go wrong.</summary>
public enum FaultKind
{
    /// <summary>The connection is closed without an answer, as if nobody listened.</summary>
    Refuse,

    /// <summary>The connection is reset after the request was read, before any header.</summary>
    ResetBeforeHeaders,

    /// <summary>The connection is reset after some tokens.</summary>
    ResetAfterTokens,

    /// <summary>The stream goes silent after some tokens, until the caller leaves.</summary>
    Stall,

    /// <summary>After some tokens an event that is not JSON is sent; the stream then goes on.</summary>
    MalformedEvent,

    /// <summary>After some tokens LM Studio's <c>event: error</c> frame ends the stream.</summary>
    ErrorEvent,

    /// <summary>The stream ends without its last marker.</summary>
    NoDone,

    /// <summary>A status with a body in place of an answer.</summary>
    ErrorStatus,

    /// <summary>200 with a body that is no JSON.</summary>
    Nonsense,

    /// <summary>401 as if authentication were on and the token wrong.</summary>
    AuthRequired,

    /// <summary>WebSocket upgrades are refused while HTTP answers.</summary>
    WebsocketRefused,

    /// <summary>The native REST API v1 is unknown, as on old versions.</summary>
    RestMissing,

    /// <summary>A load fails in the engine; the scope is a model key.</summary>
    LoadFailed,

    /// <summary>A download fails halfway; the scope is a model's id.</summary>
    DownloadFailed,
}

/// <summary>One fault to play.</summary>
public sealed record Fault
{
    public required FaultKind Kind { get; init; }

    /// <summary>The beginning of the paths it hits (<c>/v1/chat</c>, <c>/llm</c>), or of the model names for load and download; empty hits all.</summary>
    public string Scope { get; init; } = "";

    /// <summary>How many requests it hits; null until it is cleared.</summary>
    public int? Count { get; init; }

    /// <summary>How many tokens pass before it strikes.</summary>
    public int Tokens { get; init; }

    /// <summary>The status of <see cref="FaultKind.ErrorStatus"/>.</summary>
    public int Status { get; init; } = 500;

    /// <summary>The body of <see cref="FaultKind.ErrorStatus"/> and <see cref="FaultKind.Nonsense"/>.</summary>
    public string? Body { get; init; }

    /// <summary>The text of <see cref="FaultKind.ErrorEvent"/> and <see cref="FaultKind.LoadFailed"/>.</summary>
    public string? Message { get; init; }
}

/// <summary>The faults being played. A request takes the first that fits it, which uses up one of its count.</summary>
public sealed class Faults
{
    private readonly Lock _changing = new();
    private ImmutableArray<Fault> _all = [];

    public IReadOnlyList<Fault> All => _all;

    public void Add(Fault fault)
    {
        lock (_changing) _all = _all.Add(fault);
    }

    public void Clear()
    {
        lock (_changing) _all = [];
    }

    /// <summary>The first fault of one of these kinds whose scope fits, or null. Costs nothing while there are no faults.</summary>
    public Fault? Take(string subject, params ReadOnlySpan<FaultKind> kinds)
    {
        if (_all.IsEmpty) return null;
        lock (_changing)
        {
            foreach (var fault in _all)
            {
                if (!kinds.Contains(fault.Kind) || !subject.StartsWith(fault.Scope, StringComparison.OrdinalIgnoreCase)) continue;
                if (fault.Count is { } count)
                    _all = count > 1 ? _all.Replace(fault, fault with { Count = count - 1 }) : _all.Remove(fault);
                return fault;
            }
        }

        return null;
    }
}
