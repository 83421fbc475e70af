using LmGateway.Bench.Rig;

namespace LmGateway.Bench.Rows;

/// <summary>Calls of MCP tools over HTTP: one that only looks, and a chat.</summary>
internal static class McpCalls
{
    private const string List = """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_models","arguments":{}}}""";
    private const string Chat = """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"chat","arguments":{"model":"bench-1-0","prompt":"hello","max_tokens":1}}}""";

    public static async IAsyncEnumerable<Figure> MeasureAsync(Run run)
    {
        await using var backend = await Server.StartAsync(Plans.Backend());
        await using var gateway = await Server.StartAsync(Plans.Gateway(Plans.OpenAi(backend)));
        foreach (var (tool, body) in new[] { ("list_models", List), ("chat", Chat) })
        {
            var calls = await Comparison.RunAsync(run, new LoadPlan(16) { Path = "/mcp", Body = body, Seconds = run.Seconds, Headers = ["Accept: application/json, text/event-stream"] }, gateway);
            yield return new Figure($"MCP {tool}, 16 connections, calls per second", calls.Median("lmgateway", result => result.PerSecond), "/s")
            {
                Beside = $"{calls.Beside(result => result.CpuPerRequestUs, "us CPU each")}; p50 {Figure.Text(calls.Median("lmgateway", result => result.P50Us))} us",
            };
        }
    }
}
