using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Observability;
using LmGateway.Observability.Metrics;
using LmGateway.Serving;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Debug;

/// <summary><c>GET /debug/metrics</c>: figures of the last requests and of the process, with the members that the document names.</summary>
internal static class MetricsReport
{
    private const int Recent = 100;
    private const double Megabyte = 1024 * 1024;

    public static Task WriteAsync(HttpContext context, CurrentWork work, RequestJournal journal, ProcessFigures process, RefusalFigures refusals)
    {
        var recent = journal.All().Take(Recent).ToList();
        return JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteActiveModel("modelInfo", work.ActiveModel);
            WritePerformance(json, journal, recent);
            json.WriteStartObject("recentActivity");
            json.WriteLastTen("last10Requests", recent);
            json.WriteEndObject();
            WriteSystem(json, process);
            json.WriteOperation(work.Operation());
            json.WriteStartObject("refusals");
            foreach (var (reason, count) in refusals.All) json.WriteNumber(reason, count);
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private static void WritePerformance(Utf8JsonWriter json, RequestJournal journal, IReadOnlyList<RequestTrace> recent)
    {
        var times = recent.Where(trace => trace.State == RequestState.Done).Select(trace => trace.Total.TotalMilliseconds).Order().ToList();
        json.WriteStartObject("performance");
        json.WriteNumber("totalRequests", journal.Begun);
        json.WriteNumber("totalErrors", journal.Failed);
        json.WriteNumber("errorRate", journal.Begun == 0 ? 0 : Math.Round(journal.Failed * 100.0 / journal.Begun, 2));
        json.WriteNumber("recentRequestCount", recent.Count);
        json.WriteNumber("completedRequestCount", times.Count);
        json.WriteNumber("avgResponseTimeMs", times.Count == 0 ? 0 : Math.Round(times.Average(), 2));
        json.WriteNumber("minResponseTimeMs", times.Count == 0 ? 0 : Math.Round(times[0]));
        json.WriteNumber("maxResponseTimeMs", times.Count == 0 ? 0 : Math.Round(times[^1]));
        json.WriteNumber("medianResponseTimeMs", Math.Round(Median(times), 2));
        WriteTokens(json, [.. recent.Where(trace => trace.Usage is not null)]);
        json.WriteEndObject();
    }

    private static void WriteTokens(Utf8JsonWriter json, IReadOnlyList<RequestTrace> counted)
    {
        var speeds = counted.Select(trace => trace.TokensPerSecond).OfType<double>().ToList();
        var (prompt, completion) = (counted.Sum(trace => (long)trace.Usage!.Value.PromptTokens), counted.Sum(trace => (long)trace.Usage!.Value.CompletionTokens));
        json.WriteNumber("avgTokensPerSec", speeds.Count == 0 ? 0 : Math.Round(speeds.Average(), 2));
        json.WriteNumber("totalTokensProcessed", prompt + completion);
        json.WriteNumber("requestsWithTokenData", counted.Count);
        if (counted.Count == 0) return;
        json.WriteStartObject("tokenStats");
        json.WriteNumber("promptTokens", prompt);
        json.WriteNumber("completionTokens", completion);
        json.WriteNumber("avgPromptTokens", Math.Round((double)prompt / counted.Count, 1));
        json.WriteNumber("avgCompletionTokens", Math.Round((double)completion / counted.Count, 1));
        json.WriteEndObject();
    }

    private static void WriteSystem(Utf8JsonWriter json, ProcessFigures process)
    {
        var (resident, heap) = (ProcessFigures.ResidentBytes, ProcessFigures.Heap);
        json.WriteStartObject("system");
        json.WriteNumber("uptime", Math.Round(process.Uptime.TotalSeconds, 1));
        json.WriteString("uptimeFormatted", ProcessFigures.Formatted(process.Uptime));
        WriteMemory("memoryUsage", bytes => Math.Round(bytes / Megabyte, 2));
        WriteMemory("memoryUsageRaw", bytes => bytes);
        json.WriteString("nodeVersion", ProcessFigures.Runtime);
        json.WriteString("runtimeVersion", ProcessFigures.Runtime);
        json.WriteString("platform", ProcessFigures.Platform);
        json.WriteEndObject();

        void WriteMemory(string name, Func<long, double> shown)
        {
            json.WriteStartObject(name);
            json.WriteNumber("rss", shown(resident));
            json.WriteNumber("heapTotal", shown(heap.Total));
            json.WriteNumber("heapUsed", shown(heap.Used));
            json.WriteNumber("external", shown(heap.External));
            json.WriteEndObject();
        }
    }

    private static double Median(List<double> sorted) => sorted.Count switch
    {
        0 => 0,
        var count when count % 2 == 1 => sorted[count / 2],
        var count => (sorted[(count / 2) - 1] + sorted[count / 2]) / 2,
    };
}
