using System.Diagnostics;
using System.Text.Json;
using LmGateway.Bench.Rig;

namespace LmGateway.Bench.Rows;

/// <summary>LeanNats beside the official JavaScript client: a program of its own, whose rows stand here too.</summary>
internal static class Nats
{
    public static async IAsyncEnumerable<Figure> MeasureAsync(Run run)
    {
        string[] measures = run.Quick ? ["roundtrips"] : ["roundtrips", "throughput", "objects"];
        using var process = Process.Start(new ProcessStartInfo("dotnet", measures.Prepend(Paths.LeanNatsBench)) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        using var rows = JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]);
        foreach (var row in rows.RootElement.EnumerateArray())
            yield return new Figure("NATS: " + row.GetProperty("name").GetString(), row.GetProperty("value").GetDouble(), row.GetProperty("unit").GetString()!) { Most = Bound(row, "most"), Least = Bound(row, "least") };
    }

    private static double? Bound(JsonElement row, string name) => row.TryGetProperty(name, out var bound) ? bound.GetDouble() : null;
}
