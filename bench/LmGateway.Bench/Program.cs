using LmGateway.Bench;
using LmGateway.Bench.Rig;
using LmGateway.Bench.Rows;

// Measures the service as published beside its yardsticks. bench/run builds everything and starts this.
var parts = new Dictionary<string, Func<Run, IAsyncEnumerable<Figure>>>
{
    ["requests"] = Requests.MeasureAsync,
    ["streams"] = Streams.MeasureAsync,
    ["big"] = BigPrompts.MeasureAsync,
    ["memory"] = Memory.MeasureAsync,
    ["start"] = Starts.MeasureAsync,
    ["cold"] = ColdModels.MeasureAsync,
    ["cancel"] = Cancels.MeasureAsync,
    ["nats"] = Nats.MeasureAsync,
    ["mcp"] = McpCalls.MeasureAsync,
    ["fanout"] = FanOut.MeasureAsync,
    ["scale"] = Scale.MeasureAsync,
};
var run = new Run { Quick = args.Contains("--quick"), Long = args.Contains("--long") };
var chosen = args.Where(argument => !argument.StartsWith("--", StringComparison.Ordinal)).ToList();
if (chosen.Find(name => !parts.ContainsKey(name)) is { } unknown)
{
    Console.Error.WriteLine($"bench: there is no part '{unknown}'; there are {string.Join(", ", parts.Keys)}");
    return 2;
}

var report = new Report(run, new Machine());
foreach (var (name, measure) in parts)
{
    if (chosen.Count > 0 && !chosen.Contains(name)) continue;
    try
    {
        await foreach (var figure in measure(run)) report.Add(name, figure);
    }
    catch (Exception fault) when (fault is InvalidOperationException or IOException or TimeoutException or System.Net.Sockets.SocketException or System.Text.Json.JsonException)
    {
        report.AddFailure(name, fault);
    }
}

report.Write(isWhole: chosen.Count == 0);
Directory.Delete(Paths.Scratch, recursive: true);
return report.Holds ? 0 : 1;
