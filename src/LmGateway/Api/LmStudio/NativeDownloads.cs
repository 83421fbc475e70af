using System.Globalization;
using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Serving.Jobs;
using LmGateway.Serving.Models;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.LmStudio;

/// <summary>Downloads by LM Studio's own routes, run as the gateway's jobs: begun, then polled.</summary>
internal sealed class NativeDownloads(JobList jobs, ModelPulls pulls, TimeProvider time)
{
    /// <summary>The reply tells the size, which is known only after a moment.</summary>
    private static readonly TimeSpan SizeLimit = TimeSpan.FromSeconds(10);

    public async Task StartAsync(HttpContext context, BodyBudget budget)
    {
        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var fields = JsonFields.Of(body.Memory);
        var (model, quantization) = (fields.RequiredText("model"), fields.Text("quantization"));
        NativeLoads.RefuseOddities(fields);
        context.Concerns(model);
        var job = pulls.Start(new PullCommand(quantization is null ? model : $"{model}@{quantization}"), context.Call("lmstudio"));
        job = await SizedAsync(job, context.RequestAborted);
        if (job.State is JobState.Failed) job.OrThrow();
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            if (job.Result is PullOutcome { WasThere: true }) writer.WriteString("status", "already_downloaded");
            else WriteHead(writer, job);
            writer.WriteEndObject();
        });
    }

    /// <summary>False where no download of this service has the id.</summary>
    public async Task<bool> TryTellAsync(HttpContext context, string id)
    {
        if (jobs.Find(id) is not { Kind: JobKind.Pull } job) return false;
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            WriteHead(writer, job);
            writer.WriteNumber("downloaded_bytes", job.Bytes);
            if (!job.IsOver && Pace(job) is { } pace and > 0)
            {
                writer.WriteNumber("bytes_per_second", Math.Round(pace, 1));
                if (job.Total is { } total) WriteTime(writer, "estimated_completion", time.GetUtcNow() + TimeSpan.FromSeconds(Math.Min((total - job.Bytes) / pace, TimeSpan.FromDays(365).TotalSeconds)));
            }

            if (job.IsDone) WriteTime(writer, "completed_at", job.Ended!.Value);
            writer.WriteEndObject();
        });
        return true;
    }

    private async Task<Job> SizedAsync(Job job, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(SizeLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await foreach (var now in jobs.WatchAsync(job.Id, either.Token))
            {
                job = now;
                if (job.Total is not null) break;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It is told without its size.
        }

        return job;
    }

    private static void WriteHead(Utf8JsonWriter writer, Job job)
    {
        writer.WriteString("job_id", job.Id);
        writer.WriteString("status", job.State switch { JobState.Done => "completed", JobState.Failed or JobState.Cancelled => "failed", _ => "downloading" });
        if (job.Total is { } total) writer.WriteNumber("total_size_bytes", total);
        WriteTime(writer, "started_at", job.Started ?? job.Created);
    }

    private double? Pace(Job job) => job.Started is { } started && (time.GetUtcNow() - started).TotalSeconds is > 0 and var seconds ? job.Bytes / seconds : null;

    private static void WriteTime(Utf8JsonWriter writer, string name, DateTimeOffset at) =>
        writer.WriteString(name, at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
}
