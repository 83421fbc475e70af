using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LmGateway.Bench.Rig;

/// <summary>What the load generator is to do; its source says what each of it means.</summary>
internal sealed record LoadPlan(int Connections)
{
    public string Path { get; init; } = "/v1/chat/completions";

    /// <summary>Sent as POST; GET without one.</summary>
    public string? Body { get; init; }

    public double Seconds { get; init; }

    public long Requests { get; init; }

    public int Events { get; init; }

    public int RampMs { get; init; }

    public double Rate { get; init; }

    public bool Subscribe { get; init; }

    public int Stalled { get; init; }

    public IReadOnlyList<string> Headers { get; init; } = [];
}

/// <summary>What the load generator saw.</summary>
internal sealed record LoadResult
{
    public required long Requests { get; init; }
    public required long Errors { get; init; }
    public required double Seconds { get; init; }
    public required double PerSecond { get; init; }
    public required double P50Us { get; init; }
    public required double P99Us { get; init; }
    public required double FirstP50Us { get; init; }
    public required double FirstP99Us { get; init; }
    public required long Events { get; init; }
    public required long Disorder { get; init; }
    public required double LongestGapUs { get; init; }

    /// <summary>CPU time of the server meanwhile, in seconds.</summary>
    [JsonIgnore]
    public double ServerCpu { get; init; }

    public double CpuPerRequestUs => ServerCpu / Requests * 1e6;

    public double CpuPerEventUs => ServerCpu / Events * 1e6;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(LoadResult))]
internal sealed partial class LoadJson : JsonSerializerContext;

/// <summary>Runs the load generator.</summary>
internal static class Load
{
    /// <summary>Loads a server and returns when it is over. Any failed request fails the run: a figure with errors in it means nothing.</summary>
    public static async Task<LoadResult> RunAsync(Server server, LoadPlan plan)
    {
        var before = server.CpuSeconds;
        using var process = Start(server, plan);
        var line = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"The load generator failed on {server.Name}.");
        var result = JsonSerializer.Deserialize(line, LoadJson.Default.LoadResult)! with { ServerCpu = server.CpuSeconds - before };
        return result.Errors == 0 ? result : throw new InvalidOperationException($"{server.Name}: {result.Errors} of {result.Requests + result.Errors} requests failed ({plan.Connections} connections).");
    }

    /// <summary>Begins to load a server; disposing the process ends nothing by itself.</summary>
    public static Process Start(Server server, LoadPlan plan) =>
        Process.Start(new ProcessStartInfo(Paths.Native("load"), Arguments(server, plan)) { UseShellExecute = false, RedirectStandardOutput = true })!;

    private static IEnumerable<string> Arguments(Server server, LoadPlan plan)
    {
        List<string> arguments = ["--port", Text(server.Port), "--path", plan.Path, "--connections", Text(plan.Connections)];
        if (plan.Body is { } body) arguments.AddRange(["--body", BodyFile(body)]);
        if (plan.Requests > 0) arguments.AddRange(["--requests", Text(plan.Requests)]);
        else arguments.AddRange(["--seconds", Text(plan.Seconds)]);
        if (plan.Events > 0) arguments.AddRange(["--events", Text(plan.Events)]);
        if (plan.RampMs > 0) arguments.AddRange(["--ramp", Text(plan.RampMs)]);
        if (plan.Rate > 0) arguments.AddRange(["--rate", Text(plan.Rate)]);
        if (plan.Stalled > 0) arguments.AddRange(["--stalled", Text(plan.Stalled)]);
        if (plan.Subscribe) arguments.Add("--subscribe");
        foreach (var header in server.Plan.Headers.Concat(plan.Headers)) arguments.AddRange(["--header", header]);
        return arguments;
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static string BodyFile(string body)
    {
        var file = Path.Combine(Paths.Scratch, $"body-{(uint)body.GetHashCode(StringComparison.Ordinal):x8}.json");
        if (!File.Exists(file)) File.WriteAllText(file, body);
        return file;
    }
}
