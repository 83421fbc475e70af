namespace LmGateway.Bench.Rig;

/// <summary>
/// The same load on several servers, one after the other, round after round: what disturbs the machine disturbs them alike. Each of them is warm before
/// (<see cref="WarmUp"/>). Figures are medians over the rounds without the first; a ratio is made within each round.
/// </summary>
internal sealed class Comparison
{
    private readonly List<Dictionary<string, LoadResult>> rounds = [];

    public static async Task<Comparison> RunAsync(Run run, LoadPlan plan, params IReadOnlyList<Server> servers)
    {
        var comparison = new Comparison();
        foreach (var server in servers) await WarmUp.RunAsync(server, plan);
        for (var round = 0; round < run.Rounds; round++)
        {
            var results = new Dictionary<string, LoadResult>();
            foreach (var server in servers) results[server.Name] = await Load.RunAsync(server, plan);
            if (round > 0) comparison.rounds.Add(results);
        }

        return comparison;
    }

    public double Median(string server, Func<LoadResult, double> figure) => Middle(rounds.Select(round => figure(round[server])));

    public double Ratio(string server, string yardstick, Func<LoadResult, double> figure) =>
        Middle(rounds.Select(round => figure(round[server]) / figure(round[yardstick])));

    public double Difference(string server, string yardstick, Func<LoadResult, double> figure) =>
        Middle(rounds.Select(round => figure(round[server]) - figure(round[yardstick])));

    /// <summary>Every server's median, as text.</summary>
    public string Beside(Func<LoadResult, double> figure, string unit) =>
        string.Join(", ", rounds[0].Keys.Select(name => $"{name} {Figure.Text(Median(name, figure))}")) + " " + unit;

    public IEnumerable<LoadResult> Of(string server) => rounds.Select(round => round[server]);

    private static double Middle(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
