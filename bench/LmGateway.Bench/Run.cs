namespace LmGateway.Bench;

/// <summary>How thoroughly to measure.</summary>
internal sealed record Run
{
    public bool Quick { get; init; }

    public bool Long { get; init; }

    /// <summary>Rounds of each comparison; the first warms up and is thrown away. Many short ones, because what else the machine does comes and goes.</summary>
    public int Rounds => Quick ? 9 : 13;

    /// <summary>How long one server is under load in one round.</summary>
    public double Seconds => Quick ? 0.5 : 1.25;

    /// <summary>How often each program is started.</summary>
    public int Starts => Quick ? 3 : 6;

    public string Words => Long ? "long" : Quick ? "quick" : "usual";
}
