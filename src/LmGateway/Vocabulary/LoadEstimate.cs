namespace LmGateway.Vocabulary;

/// <summary>What loading a model would need, as its backend reckons.</summary>
/// <param name="Fits">The backend would let the load pass.</param>
internal sealed record LoadEstimate(bool Fits)
{
    /// <summary>How good the estimate is: <c>high</c> or <c>low</c>; null where the backend does not say.</summary>
    public string? Confidence { get; init; }

    /// <summary>Weights, in all memory.</summary>
    public long ModelBytes { get; init; }

    /// <summary>Context, in all memory.</summary>
    public long ContextBytes { get; init; }

    public long TotalBytes { get; init; }

    /// <summary>The part of the total that lies in video memory.</summary>
    public long VramBytes { get; init; }
}
