namespace LmGateway.Bench;

/// <summary>One measured figure, the bound it has to hold if there is one, and what was measured beside it in the same run.</summary>
internal sealed record Figure(string Name, double Value, string Unit)
{
    /// <summary>At most so much.</summary>
    public double? Most { get; init; }

    /// <summary>At least so much.</summary>
    public double? Least { get; init; }

    /// <summary>What the value was made from, in the order in which it is shown.</summary>
    public string Beside { get; init; } = "";

    public bool IsJudged => Most is not null || Least is not null;

    public bool Holds => !double.IsNaN(Value) && !(Value > Most) && !(Value < Least);

    public string Goal => Most is { } most ? $"<= {Text(most)}" : Least is { } least ? $">= {Text(least)}" : "";

    public string Verdict => !IsJudged ? "" : Holds ? "pass" : "FAIL";

    public static string Text(double value) => Math.Abs(value) switch
    {
        >= 1000 => $"{value:N0}",
        >= 100 => $"{value:0}",
        >= 10 => $"{value:0.0}",
        _ => $"{value:0.00}",
    };
}
