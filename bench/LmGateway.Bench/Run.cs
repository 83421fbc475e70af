namespace LmGateway.Bench;

/// <summary>How thoroughly to measure.</summary>
internal sealed record Run
{
    public bool Quick { get; init; }

    public bool Long { get; init; }

    /// <summary>Rounds of each comparison; the first warms up and is thrown away.</summary>
    public int Rounds => Quick ? 3 : 6;

    /// <summary>How long one server is under load in one round.</summary>
    public double Seconds => Quick ? 1 : 2.5;

    public string Words => Long ? "long" : Quick ? "quick" : "usual";
}
