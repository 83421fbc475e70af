using System.Globalization;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>The native API v1's downloads: start, then poll.</summary>
internal static class NativeDownloadRoutes
{
    private const string StatusPath = "/api/v1/models/download/status/";

    public static void Map(RouteTable routes)
    {
        routes.Add("POST", "/api/v1/models/download", Start);
        routes.Add("GET", StatusPath + "*", Status);
    }

    private static Task Start(HttpExchange exchange)
    {
        var body = NativeModelRoutes.CheckedText(exchange, ["model", "quantization"], "model");
        try
        {
            var (model, option) = Downloads.Find(body.Text("model")!, body.Text("quantization"));
            var job = exchange.Studio.Downloads.Start(model, option);
            return exchange.ReplyAsync(job is null ? new JsonObject { ["status"] = "already_downloaded" } : Head(job));
        }
        catch (EngineException exception)
        {
            throw HttpError.Native(exception.Error);
        }
    }

    private static Task Status(HttpExchange exchange)
    {
        var id = exchange.Rest(StatusPath);
        var job = exchange.Studio.Downloads.Job(id)
            ?? throw HttpError.Native(404, "job_not_found", $"Download job '{id}' not found", "job_not_found", "job_id");
        var reply = Head(job);
        reply["downloaded_bytes"] = job.DownloadedBytes;
        if (job.Status == DownloadStatus.Downloading)
        {
            reply["bytes_per_second"] = job.BytesPerSecond;
            var secondsLeft = (job.TotalBytes - job.DownloadedBytes) / Math.Max(job.BytesPerSecond, 1);
            reply["estimated_completion"] = Time(exchange.Studio.Now + TimeSpan.FromSeconds(secondsLeft));
        }

        if (job.CompletedAt is { } completed) reply["completed_at"] = Time(completed);
        return exchange.ReplyAsync(reply);
    }

    private static JsonObject Head(DownloadJob job) => new()
    {
        ["job_id"] = job.Id,
        ["status"] = job.Status switch { DownloadStatus.Downloading => "downloading", DownloadStatus.Completed => "completed", _ => "failed" },
        ["total_size_bytes"] = job.TotalBytes,
        ["started_at"] = Time(job.StartedAt),
    };

    private static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
