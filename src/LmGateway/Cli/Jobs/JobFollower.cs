using System.Text.Json;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Jobs;

/// <summary>Follows a job of the service to its end and shows how far it is. Leaving does not end a job that runs in a service.</summary>
internal static class JobFollower
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    /// <summary>Starts a job by a POST and follows it; returns it as it ended well. Throws where it failed.</summary>
    public static async Task<JsonElement> StartAsync(ServiceCall call, string path, Action<Utf8JsonWriter> writeMembers, CancellationToken cancellationToken) =>
        await FollowAsync(call, await call.Service.PostAsync(path, writeMembers, cancellationToken, ServiceClient.Patience), cancellationToken);

    public static async Task<JsonElement> FollowAsync(ServiceCall call, JsonElement started, CancellationToken cancellationToken)
    {
        var title = TitleOf(started);
        try
        {
            var ended = await ProgressShow.RunAsync(call.Output, title, tell => WaitAsync(call, started, tell, cancellationToken));
            return ended.Text("state") == "done" ? ended : throw Failed(ended);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (call.IsDirect) throw;
            throw new CommandException(new CommandFailure("interrupted", $"{title} goes on in the service as {started.Text("id")}.")
            {
                Next = $"'lmgateway jobs show {started.Text("id")} --follow' shows it again, 'lmgateway jobs cancel {started.Text("id")}' ends it.",
                ExitCode = ExitCodes.Interrupted,
            });
        }
    }

    public static bool IsOver(JsonElement job) => job.Text("state") is not ("queued" or "running");

    /// <summary>What the job does, in words.</summary>
    public static string TitleOf(JsonElement job)
    {
        var doing = job.Text("kind") switch { "pull" => "Downloading", "delete" => "Deleting", "sync" => "Copying", "publish" => "Publishing", _ => "Working on" };
        return $"{doing} {job.Text("model")}";
    }

    private static async Task<JsonElement> WaitAsync(ServiceCall call, JsonElement job, Action<ProgressFigure> tell, CancellationToken cancellationToken)
    {
        var id = job.Text("id") ?? throw ServiceFailures.Foreign(call.Service.Location);
        while (!IsOver(job))
        {
            tell(Figure(job));
            await Task.Delay(Pause, call.Surroundings.Time, cancellationToken);
            job = await call.Service.GetAsync($"/admin/jobs/{id}", cancellationToken);
        }

        return job;
    }

    private static ProgressFigure Figure(JsonElement job) => new(TitleOf(job))
    {
        Fraction = job.Number("percent") / 100,
        Bytes = job.Whole("bytes"),
        Total = job.Whole("total"),
    };

    private static CommandException Failed(JsonElement job) => job.Text("state") == "cancelled"
        ? new CommandException("cancelled", $"{TitleOf(job)} was cancelled.", "What has arrived is kept; ask for it again to go on.")
        : new CommandException("failed", job.Text("error") ?? "The job failed.", $"'lmgateway jobs show {job.Text("id")}' tells all that is known of it.");
}
