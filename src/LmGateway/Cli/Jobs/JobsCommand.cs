using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Jobs;

/// <summary><c>lmgateway jobs list|show|cancel</c>: downloads, copies and deletions of the running service.</summary>
internal static class JobsCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var jobs = new Command("jobs", "Downloads, copies and deletions of the running service: list them, follow them, end them.");
        jobs.Subcommands.Add(List(surroundings));
        jobs.Subcommands.Add(Show(surroundings));
        jobs.Subcommands.Add(Cancel(surroundings));
        return jobs;
    }

    private static Command List(CommandSurroundings surroundings)
    {
        var command = new Command("list", "List the jobs, the youngest first.");
        command.Aliases.Add("ls");
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.Fail, async (call, cancellationToken) =>
        {
            var reply = await call.Service.GetAsync("/admin/jobs", cancellationToken);
            if (call.Output.Json)
            {
                call.Document(reply);
                return ExitCodes.Success;
            }

            var table = new TextTable(new Column("id"), new Column("kind"), new Column("state"), new Column("done", Figures: true), new Column("model"));
            foreach (var job in reply.Items("jobs")) table.Add(job.Text("id"), job.Text("kind"), job.Text("state"), Done(job), job.Text("model"));
            if (table.Count > 0) call.Output.Table(table);
            else call.Output.Note("No jobs.");
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command Show(CommandSurroundings surroundings)
    {
        var command = new Command("show", "Show a job.");
        var id = Id();
        var follow = new Option<bool>("--follow", "-f") { Description = "Stay with it to its end." };
        command.Arguments.Add(id);
        command.Options.Add(follow);
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.Fail, async (call, cancellationToken) =>
        {
            var job = await call.Service.GetAsync(Path(call.Parsed.GetValue(id)!), cancellationToken);
            if (call.Parsed.GetValue(follow)) job = await JobFollower.FollowAsync(call, job, cancellationToken);
            Write(call, job);
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command Cancel(CommandSurroundings surroundings)
    {
        var command = new Command("cancel", "End a job before its time.");
        var id = Id();
        command.Arguments.Add(id);
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.Fail, async (call, cancellationToken) =>
        {
            var job = await call.Service.DeleteAsync(Path(call.Parsed.GetValue(id)!), cancellationToken);
            if (call.Output.Json) call.Document(job);
            else call.Output.Line(job.Text("state") == "cancelled" ? $"Cancelled {job.Text("id")}." : $"{job.Text("id")} had ended already: {job.Text("state")}.");
            return ExitCodes.Success;
        });
        return command;
    }

    private static Argument<string> Id() => new("ID") { Description = "The job's id, as 'lmgateway jobs list' shows it." };

    private static string Path(string id) => $"/admin/jobs/{Uri.EscapeDataString(id)}";

    private static string? Done(JsonElement job) => job.Number("percent") is { } percent ? $"{Figures.Number(percent)} %" : job.Whole("bytes") is { } bytes and > 0 ? Figures.Size(bytes) : null;

    private static void Write(ServiceCall call, JsonElement job)
    {
        if (call.Output.Json)
        {
            call.Document(job);
            return;
        }

        foreach (var member in job.EnumerateObject())
        {
            var text = member.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? member.Value.GetRawText() : member.Value.ToString();
            call.Output.Line(string.Create(CultureInfo.InvariantCulture, $"{member.Name,-9} {text.ReplaceLineEndings($"{Environment.NewLine}          ")}"));
        }
    }
}
