using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary>A channel that leads to a download. The download is the app's: a client that vanishes does not end it, one that cancels does.</summary>
internal sealed class DownloadConversation(SimulatedLmStudio studio, OpenChannel channel)
{
    /// <summary>Shows the plan, takes choices, and downloads when the client commits to it.</summary>
    public async Task PlanAsync(DownloadPlan plan, CancellationToken cancellationToken)
    {
        await SendPlanAsync("planUpdated", plan.Fetching(), cancellationToken);
        await SendPlanAsync("planReady", plan.Ready(), cancellationToken);
        if (!await IsCommittedAsync(plan, cancellationToken)) return;
        await DownloadAsync(plan.Model, plan.Selected, "cancelDownload", cancellationToken);
        await channel.SendAsync(new JsonObject { ["type"] = "success" }, cancellationToken);
    }

    /// <summary>Reports progress to the end; the message <paramref name="cancelType"/> stops the download.</summary>
    /// <exception cref="ProtocolException">The download failed or was cancelled, by this client or another.</exception>
    public async Task DownloadAsync(DownloadableModel model, DownloadOption option, string cancelType, CancellationToken cancellationToken)
    {
        if (studio.Downloads.Start(model, option) is not { } job) return;
        var stopped = await channel.RunUntilAskedToStopAsync(cancelType, async stop =>
        {
            await foreach (var state in studio.Downloads.WatchAsync(job, stop)) await SendProgressAsync(state, cancellationToken);
        }, cancellationToken);
        if (stopped)
        {
            job.Cancel();
            await job.Ended.WaitAsync(cancellationToken);
        }

        if (job.Status == DownloadStatus.Cancelled) throw new ProtocolException(ProtocolError.Canceled);
        if (job.Status == DownloadStatus.Failed) throw new ProtocolException(new ProtocolError("Download failed."));
        await channel.SendAsync(new JsonObject { ["type"] = "startFinalizing" }, cancellationToken);
    }

    private async Task<bool> IsCommittedAsync(DownloadPlan plan, CancellationToken cancellationToken)
    {
        await foreach (var message in channel.MessagesAsync(cancellationToken))
        {
            var call = new EndpointCall(message);
            switch (call.Text("type"))
            {
                case "commit": return true;
                case "cancelPlan" or "cancelDownload": return false;
                default:
                    if (call.Whole("selectedDownloadOptionIndex") is { } index) plan.Select(index, call.Whole("requestedPlanVersion")!.Value);
                    await SendPlanAsync("planUpdated", plan.Ready(), cancellationToken);
                    break;
            }
        }

        return false;
    }

    private Task SendPlanAsync(string type, JsonObject plan, CancellationToken cancellationToken) =>
        channel.SendAsync(new JsonObject { ["type"] = type, ["plan"] = plan }, cancellationToken);

    private Task SendProgressAsync(DownloadJob job, CancellationToken cancellationToken) => channel.SendAsync(new JsonObject
    {
        ["type"] = "downloadProgress",
        ["update"] = new JsonObject
        {
            ["downloadedBytes"] = job.DownloadedBytes,
            ["totalBytes"] = job.TotalBytes,
            ["speedBytesPerSecond"] = job.BytesPerSecond,
        },
    }, cancellationToken);
}
